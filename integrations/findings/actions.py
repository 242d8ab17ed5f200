"""What GuardDuty saw, as OCSF evidences: API calls, connections, port probes, DNS, logins.

Facts: the finding details page of the GuardDuty user guide; ASFF's `Action` is the same object.
"""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from integrations.findings import event as ocsf
from integrations.findings.spelling import get, number, text

# ActionType -> the one field of an action that then tells something.
_KINDS: Final = {
    "AWS_API_CALL": "AwsApiCallAction",
    "NETWORK_CONNECTION": "NetworkConnectionAction",
    "PORT_PROBE": "PortProbeAction",
    "DNS_REQUEST": "DnsRequestAction",
    "KUBERNETES_API_CALL": "KubernetesApiCallAction",
    "RDS_LOGIN_ATTEMPT": "RdsLoginAttemptAction",
}
_DIRECTION: Final = {"INBOUND": (1, "Inbound"), "OUTBOUND": (2, "Outbound")}
_OUTBOUND = 2
_ASN: Final = re.compile(r"[0-9]{1,10}")
_MAX_PORT = 65535
_MAX_PROBES = 10


def evidences_of(action: Any) -> list[ocsf.Evidence] | None:
    """The evidences of an `Action`, spelled in PascalCase or camelCase; None when it tells nothing.

    Values in another shape than documented are passed over: the action itself is kept elsewhere.
    """
    if not isinstance(action, dict):
        return None
    told = _KINDS.get(text(action, "ActionType") or "")
    found: list[ocsf.Evidence] = []
    for kind in (told,) if told else _KINDS.values():
        details = get(action, kind)
        if isinstance(details, dict) and details:
            found.extend(_evidences(kind, details))
    return found or None


def _evidences(kind: str, details: Mapping[str, Any]) -> list[ocsf.Evidence]:
    if kind == "PortProbeAction":
        probes = get(details, "PortProbeDetails")
        listed = probes[:_MAX_PROBES] if isinstance(probes, list) else []
        return [e for e in (_connection(p, kind) for p in listed if isinstance(p, dict)) if e]
    if kind == "DnsRequestAction":
        domain = text(details, "Domain")
        return [ocsf.Evidence(name=kind, query=ocsf.Query(domain))] if domain else []
    if kind == "NetworkConnectionAction":
        evidence = _connection(details, kind)
        return [evidence] if evidence else []
    source = _remote(details)
    api = _api(details)
    if source is None and api is None:
        return []
    return [ocsf.Evidence(name=kind, api=api, src_endpoint=source)]


def _connection(details: Mapping[str, Any], kind: str) -> ocsf.Evidence | None:
    direction = _DIRECTION.get(text(details, "ConnectionDirection") or "")
    remote, local = _remote(details), _local(details)
    if remote is None and local is None:
        return None
    outbound = direction is not None and direction[0] == _OUTBOUND
    protocol = text(details, "Protocol")
    connection = None
    if direction or protocol:
        direction_id, name = direction or (0, "Unknown")
        connection = ocsf.Connection(direction_id, name, protocol.lower() if protocol else None)
    return ocsf.Evidence(
        name=kind,
        src_endpoint=local if outbound else remote,
        dst_endpoint=remote if outbound else local,
        connection_info=connection,
    )


def _api(details: Mapping[str, Any]) -> ocsf.Api | None:
    operation = text(details, "Api") or text(details, "Verb")
    if not operation:
        return None
    service = text(details, "ServiceName")
    return ocsf.Api(operation, ocsf.Entity(name=service) if service else None)


def _remote(details: Mapping[str, Any]) -> ocsf.Endpoint | None:
    remote = get(details, "RemoteIpDetails")
    if not isinstance(remote, dict):
        return None
    ip = _address(remote)
    if ip is None:
        return None
    organization = get(remote, "Organization")
    known = organization if isinstance(organization, dict) else {}
    port = get(details, "RemotePortDetails")
    return ocsf.Endpoint(
        ip=ip,
        port=_port(port),
        location=_location(remote),
        autonomous_system=_autonomous_system(known),
        isp=text(known, "Isp"),
        isp_org=text(known, "Org"),
    )


def _local(details: Mapping[str, Any]) -> ocsf.Endpoint | None:
    address = get(details, "LocalIpDetails")
    ip = _address(address) if isinstance(address, dict) else None
    ports = get(details, "LocalPortDetails")
    name = text(ports, "PortName") if isinstance(ports, dict) else None
    if ip is None and not name:
        return None
    return ocsf.Endpoint(ip=ip, port=_port(ports), svc_name=name)


def _address(details: Mapping[str, Any]) -> str | None:
    for key in ("IpAddressV4", "IpAddressV6"):
        said = text(details, key)
        address = _canonical(said) if said else None
        if address:
            return address
    return None


@lru_cache(maxsize=4096)
def _canonical(address: str) -> str | None:
    """An IP address as OCSF writes it; remembered, because attackers come back."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return None


def _port(details: Any) -> int | None:
    port = get(details, "Port") if isinstance(details, dict) else None
    if isinstance(port, int) and not isinstance(port, bool) and 0 <= port <= _MAX_PORT:
        return port
    return None


def _location(remote: Mapping[str, Any]) -> ocsf.Location | None:
    country, city, place = (get(remote, key) for key in ("Country", "City", "GeoLocation"))
    named = text(country, "CountryName") if isinstance(country, dict) else None
    town = text(city, "CityName") if isinstance(city, dict) else None
    if not named and not town:
        return None
    lat, long = (
        number(get(place, key)) if isinstance(place, dict) else None for key in ("Lat", "Lon")
    )
    return ocsf.Location(city=town, country=named, lat=lat, long=long)


def _autonomous_system(organization: Mapping[str, Any]) -> ocsf.AutonomousSystem | None:
    said, name = get(organization, "Asn"), text(organization, "AsnOrg")
    asn = int(said) if _ASN.fullmatch(str(said)) else None
    return ocsf.AutonomousSystem(asn, name) if asn is not None or name else None
