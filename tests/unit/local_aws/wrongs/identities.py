"""Users, keys, secrets and documents, got wrong and right again."""

import json

from tests.unit.local_aws.wrongs.resources import function, key
from tests.unit.local_aws.wrongs.wrong import Make, Service, Wrong, arn_of, draw


def _user_with_old_key(of: Service, account: str) -> Wrong:
    """moto cannot make an old key: the story has one, so that is taken."""
    (key,) = of("iam").list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"]

    def right() -> None:
        of("iam").update_access_key(
            UserName="deploy-bot", AccessKeyId=key["AccessKeyId"], Status="Inactive"
        )

    return Wrong(f"arn:aws:iam::{account}:user/deploy-bot", right)


def _password_policy(of: Service, account: str) -> Wrong:
    return Wrong(
        f"AWS::::Account:{account}",
        lambda: of("iam").update_account_password_policy(
            MinimumPasswordLength=14, RequireSymbols=True, RequireNumbers=True,
            RequireUppercaseCharacters=True, RequireLowercaseCharacters=True,
        ),
    )  # fmt: skip


def _key_goes(of: Service, account: str) -> Wrong:
    arn = key(of)
    of("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    return Wrong(arn, lambda: of("kms").cancel_key_deletion(KeyId=arn))


def _key_rotation(of: Service, account: str) -> Wrong:
    arn = key(of)
    return Wrong(arn, lambda: of("kms").enable_key_rotation(KeyId=arn))


def _secret_rotation(of: Service, account: str) -> Wrong:
    arn = of("secretsmanager").create_secret(Name=draw("secret"), SecretString="fake")["ARN"]
    rotator = function(of)
    return Wrong(
        arn,
        lambda: of("secretsmanager").rotate_secret(
            SecretId=arn, RotationLambdaARN=rotator, RotationRules={"AutomaticallyAfterDays": 30}
        ),
    )


def _shared_document(of: Service, account: str) -> Wrong:
    ssm, name = of("ssm"), draw("Document")
    content = {"schemaVersion": "2.2", "description": "d",
               "mainSteps": [{"action": "aws:runShellScript", "name": "s",
                              "inputs": {"runCommand": ["true"]}}]}  # fmt: skip
    ssm.create_document(Name=name, Content=json.dumps(content), DocumentType="Command")
    sharing = {"Name": name, "PermissionType": "Share"}
    ssm.modify_document_permission(**sharing, AccountIdsToAdd=["all"])
    return Wrong(
        arn_of(account, "ssm", f"document/{name}"),
        lambda: ssm.modify_document_permission(**sharing, AccountIdsToRemove=["all"]),
    )


WRONGS: dict[str, Make] = {
    "IAM.3": _user_with_old_key,
    "IAM.7": _password_policy,
    "KMS.3": _key_goes,
    "KMS.4": _key_rotation,
    "SecretsManager.1": _secret_rotation,
    "SSM.4": _shared_document,
}
