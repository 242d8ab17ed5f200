"""Users, passwords and keys."""

from tests.proofs.case import Case, Owner, Subject


def _user(owner: Owner, *, password: bool) -> Subject:
    """A user with two active keys, and maybe a console password."""
    iam = owner.client("iam")
    iam.create_user(Path="/robots/", UserName="deploy-bot")
    for _ in range(2):
        iam.create_access_key(UserName="deploy-bot")
    if password:
        iam.create_login_profile(UserName="deploy-bot", Password="N0t-a-secret!")
    return Subject(
        id=f"arn:aws:iam::{owner.account}:user/robots/deploy-bot",
        short_id="AIDADEPLOYBOT",
        # No emulated key is old.
        instead={"MaxAgeDays": "0", "MaxUnusedDays": "0"},
    )


def _robot(owner: Owner) -> Subject:
    return _user(owner, password=False)


def _robot_with_one_inactive_key(owner: Owner) -> Subject:
    made = _robot(owner)
    iam = owner.client("iam")
    first = iam.list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.update_access_key(UserName="deploy-bot", AccessKeyId=first, Status="Inactive")
    return made


def _person(owner: Owner) -> Subject:
    return _user(owner, password=True)


def _account(owner: Owner) -> Subject:
    return Subject(id=f"AWS::::Account:{owner.account}", short_id=owner.account)


def _account_with_a_weak_policy(owner: Owner) -> Subject:
    owner.client("iam").update_account_password_policy(
        MinimumPasswordLength=12, RequireNumbers=True, MaxPasswordAge=30, HardExpiry=True,
        PasswordReusePrevention=5, AllowUsersToChangePassword=True,
    )  # fmt: skip
    return _account(owner)


def _dying_key(owner: Owner) -> Subject:
    arn = owner.key()
    key = arn.rpartition("/")[2]
    owner.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=20)
    return Subject(id=arn, short_id=key)


def _still_key(owner: Owner) -> Subject:
    arn = owner.key()
    return Subject(id=arn, short_id=arn.rpartition("/")[2])


CASES = (
    Case(control="IAM.3", story="a user with two old keys", make=_robot,
         touches=("iam/aws/access_keys/",)),
    Case(control="IAM.3", story="a user with an old key, and one that is off already",
         make=_robot_with_one_inactive_key, touches=("iam/aws/access_keys/",)),
    Case(control="IAM.7", story="an account without a password policy", make=_account,
         touches=("/account_password_policy",)),
    Case(control="IAM.7", story="an account whose policy is strict in other ways",
         make=_account_with_a_weak_policy, touches=("/account_password_policy",),
         remains=("12 characters",)),
    Case(control="IAM.8", story="a person who never came", make=_person,
         touches=("iam/aws/access_keys/", "/login_profiles", "/users/deploy-bot/")),
    Case(control="IAM.22", story="a robot that never called", make=_robot,
         touches=("iam/aws/access_keys/",)),
    Case(control="KMS.3", story="a key that is to be deleted", make=_dying_key,
         touches=("/keys/{short_id}/",),
         # The day is the same; the second is that of the undo.
         unlike=("/keys/{short_id}/deletion_date",)),
    Case(control="KMS.4", story="a key that never rotates", make=_still_key,
         touches=("/keys/{short_id}/",)),
)  # fmt: skip
