# The runtime as an image, where a zip will not do: a larger package, or a base image of one's own. The same package, with
# the same entry point, on ARM64 as AgentCore asks for:
#
#   make package
#   docker build --platform linux/arm64 -f infra/agentcore.Dockerfile -t security-assist-runtime build
#
# Name the pushed image in ContainerConfiguration in the place of CodeConfiguration (infra/agentcore.yaml).
FROM python:3.13-slim
WORKDIR /app
ADD agentcore.zip /tmp/agentcore.zip
RUN python -m zipfile -e /tmp/agentcore.zip /app && rm /tmp/agentcore.zip && useradd --system --no-create-home runtime
USER runtime
# The SDK listens on every address where it knows itself in a container.
ENV DOCKER_CONTAINER=1
EXPOSE 8080
CMD ["python", "main.py"]
