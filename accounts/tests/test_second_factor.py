"""App codes and recovery codes: each works once, wrong ones are counted where they come from."""

import pytest
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import RecoveryCode
from accounts.second_factor import (
    enrol,
    has_factor,
    new_key,
    prove,
    recovery_codes_left,
    renew_recovery_codes,
    reset_second_factor,
    setup_address,
)
from accounts.tests.factories import make_staff
from accounts.tests.signing import app_code, make_app
from core.models import AuditEntry
from core.refusals import Refusal, TooManyTries
from notifications.models import Email

pytestmark = pytest.mark.django_db
HOME, AWAY = "192.0.2.1", "198.51.100.7"
NOON = "2026-11-21 05:00:00+00:00"


@pytest.fixture
def noon(time_machine):
    time_machine.move_to(NOON, tick=False)
    return time_machine


@pytest.fixture
def sophea(noon):
    """Somebody whose app is set up."""
    return make_app(make_staff("sophea@example.com")).user


def key_of(user):
    return TOTPDevice.objects.get(user=user).key


def refused(user, code, address=HOME):
    with pytest.raises(Refusal) as refusal:
        prove(user, code=code, address=address)
    return refusal.value.code


def test_the_code_is_the_one_of_the_standard(time_machine):
    """RFC 6238, appendix B: 94287082 at second 59, of which we show the last six digits."""
    time_machine.move_to(59, tick=False)
    device = TOTPDevice.objects.create(user=make_staff(), key=b"12345678901234567890".hex(), name="app")
    prove(device.user, code="287082", address=HOME)


def test_set_up_proves_the_app_and_gives_ten_codes(noon):
    user, key = make_staff("sophea@example.com"), new_key()
    codes = enrol(user, key=key, code=app_code(key), address=HOME, by=user)
    assert len(set(codes)) == 10
    assert {len(code) for code in codes} == {14}
    assert has_factor(user)
    assert recovery_codes_left(user) == 10
    stored = "".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    assert [(entry.kind, entry.actor) for entry in AuditEntry.objects.all()] == [("second_factor_set_up", user)]
    assert [(letter.kind, letter.to) for letter in Email.objects.all()] == [("second_factor_changed", user.email)]
    # The code that proved the app is used up.
    assert refused(user, app_code(key)) == "wrong_code"


def test_set_up_with_a_wrong_code_changes_nothing(noon):
    user, key = make_staff(), new_key()
    with pytest.raises(Refusal, match="does not fit"):
        enrol(user, key=key, code=app_code(new_key()), address=HOME, by=user)
    assert not has_factor(user)
    assert recovery_codes_left(user) == 0
    assert not AuditEntry.objects.exists()


def test_a_code_works_once_and_typed_with_a_space(sophea, noon):
    code = app_code(key_of(sophea))
    prove(sophea, code=f" {code[:3]} {code[3:]}", address=HOME)
    assert refused(sophea, code) == "wrong_code"
    noon.shift(30)
    prove(sophea, code=app_code(key_of(sophea)), address=HOME)


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong(sophea, steps, fits):
    code = app_code(key_of(sophea), steps=steps)
    if fits:
        prove(sophea, code=code, address=HOME)
    else:
        assert refused(sophea, code) == "wrong_code"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "AAAA-BBBB-CCCC", "x" * 40])
def test_nonsense_is_refused(sophea, code):
    assert refused(sophea, code) == "wrong_code"


def test_a_recovery_code_works_once_for_its_owner(sophea):
    codes = renew_recovery_codes(sophea, by=sophea)
    other = make_app(make_staff()).user
    assert refused(other, codes[0]) == "wrong_code"
    prove(sophea, code=codes[0].lower(), address=HOME)
    assert recovery_codes_left(sophea) == 9
    assert refused(sophea, codes[0]) == "wrong_code"
    assert AuditEntry.objects.filter(kind="recovery_code_used", actor=sophea).count() == 1


def test_new_recovery_codes_end_the_earlier_ones(sophea):
    earlier = renew_recovery_codes(sophea, by=sophea)
    assert not set(earlier) & set(renew_recovery_codes(sophea, by=sophea))
    assert refused(sophea, earlier[0]) == "wrong_code"
    with pytest.raises(Refusal, match="Set up an app first"):
        renew_recovery_codes(make_staff(), by=sophea)


def test_five_wrong_codes_close_the_door_to_that_address_alone(sophea, noon):
    right = app_code(key_of(sophea))
    assert [refused(sophea, "000000", AWAY) for _ in range(5)] == ["wrong_code"] * 5
    with pytest.raises(TooManyTries) as closed:
        prove(sophea, code=right, address=AWAY)
    assert closed.value.wait == 15 * 60
    assert "Wait 15 minutes" in closed.value.message
    prove(sophea, code=right, address=HOME)
    noon.shift(15 * 60)
    prove(sophea, code=app_code(key_of(sophea)), address=AWAY)


def test_a_right_code_starts_the_count_afresh(sophea, noon):
    for _ in range(3):
        assert [refused(sophea, "000000") for _ in range(4)] == ["wrong_code"] * 4
        prove(sophea, code=app_code(key_of(sophea)), address=HOME)
        noon.shift(30)


def test_another_app_replaces_the_first_and_ends_what_was_open(sophea, noon):
    before, old_key, key = sophea.get_session_auth_hash(), key_of(sophea), new_key()
    old_codes = renew_recovery_codes(sophea, by=sophea)
    enrol(sophea, key=key, code=app_code(key), address=HOME, by=sophea)
    sophea.refresh_from_db()
    assert sophea.get_session_auth_hash() != before
    assert refused(sophea, app_code(old_key)) == "wrong_code"
    assert refused(sophea, old_codes[0]) == "wrong_code"
    assert TOTPDevice.objects.count() == 1
    assert AuditEntry.objects.filter(kind="second_factor_replaced").count() == 1


def test_a_reset_takes_all_away_and_is_on_record(sophea):
    codes, before = renew_recovery_codes(sophea, by=sophea), sophea.get_session_auth_hash()
    boss = make_staff()
    reset_second_factor(sophea, by=boss, reason="Phone lost")
    sophea.refresh_from_db()
    assert not has_factor(sophea)
    assert sophea.get_session_auth_hash() != before
    assert refused(sophea, codes[0]) == "wrong_code"
    entry = AuditEntry.objects.get(kind="second_factor_reset")
    assert (entry.object_code, entry.actor, entry.reason) == (str(sophea.pk), boss, "Phone lost")
    assert "taken off" in Email.objects.get().text


def test_the_picture_says_shop_person_and_secret(sophea):
    address = setup_address(sophea, b"12345678901234567890".hex())
    assert address.startswith("otpauth://totp/Commercia%3Asophea%40example.com?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in address
    assert "issuer=Commercia" in address
