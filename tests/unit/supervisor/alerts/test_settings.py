"""One file, checked as a whole: what it may say, and a clear word for each mistake with its line."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.alerts.entries import MailEntry
from app.supervisor.alerts.rules import BY_NAME, RULES
from app.supervisor.alerts.settings import BadSettings, SettingsFile, parse

EXAMPLE = Path(__file__).parents[4] / "config" / "alerts.example.toml"
MAIL = """
[[channel]]
name = "ops"
kind = "mail"
host = "mail.example.com"
from = "tradeai@example.com"
to = ["ops@example.com"]
"""


def _mistakes(text: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(BadSettings) as error:
        parse(text, folder)
    return [str(mistake) for mistake in error.value.mistakes]


def test_an_empty_file_leaves_everything_as_delivered() -> None:
    settings = parse("", Path())
    assert settings.rules == RULES
    assert settings.routing.routes == ()


def test_the_example_is_right_as_it_stands_and_with_every_line_in_use(tmp_path: Path) -> None:
    text = EXAMPLE.read_text()
    assert parse(text, tmp_path).routing.routes == ()
    for name in set(re.findall(r'(?<!ca)_file = "([^"]+)"', text)):
        (tmp_path / name).write_text("a-secret-of-some-length-or-https://x")
    for name in re.findall(r'url_file = "([^"]+)"', text):
        (tmp_path / name).write_text("https://example.com/x")
    used = re.sub(r"^#(?=[a-z\[])", "", text, flags=re.M)
    settings = parse(used, tmp_path)
    assert {entry.kind for entry in settings.file.channel} == {"mail", "slack", "pagerduty", "webhook", "apprise"}
    assert settings.file.heartbeat is not None
    assert settings.routing.quiet is not None


def test_rules_can_be_changed_and_switched_off() -> None:
    text = '[rules.host_cpu]\nthreshold = 0.9\nafter = "10m"\ncalm = "2m"\npriority = "P4"\n[rules.host_memory]\noff = true'
    settings = parse(text, Path())
    changed = next(rule for rule in settings.rules if rule.name == "host_cpu")
    assert (changed.condition.threshold, changed.after, changed.calm) == (0.9, timedelta(minutes=10), timedelta(minutes=2))
    assert changed.condition.clear == pytest.approx(0.85)  # the gap stays
    assert changed.title == BY_NAME["host_cpu"].title
    assert "host_memory" not in {rule.name for rule in settings.rules}


def test_a_password_may_stand_in_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "mail-password").write_text("secret\n")
    entry = parse(MAIL + 'user = "u"\npassword_file = "mail-password"', tmp_path).file.channel[0]
    assert isinstance(entry, MailEntry)
    assert entry.password.get_secret_value() == "secret"
    assert "secret" not in repr(entry)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("x = ", "line 1: this is not TOML"),
        ('colour = "red"', "line 1, colour: there is no such setting"),
        ('public_address = "example.com"', "line 1, public_address: write a whole address"),
        (MAIL + "port = 99999", r"line 8, channel\[1\].port: .*65535"),
        (MAIL + 'security = "ssl"', r"line 8, channel\[1\].security: allowed are 'starttls', 'tls' or 'none'"),
        (MAIL + 'tier = "boss"', r"line 8, channel\[1\].tier: allowed are 'operations', 'technical' or 'development'"),
        (MAIL + 'priorities = ["P1", "P9"]', r"line 8, channel\[1\].priorities\[2\]: allowed are 'P1'"),
        (MAIL + "priorities = []", r"line 8, channel\[1\].priorities: .*at least 1"),
        (MAIL + 'user = "u"', r"line 2, channel\[1\]: a user needs a password"),
        (MAIL + 'user = "u"\npassword = "p"\nsecurity = "none"', r"line 2, channel\[1\]: a password is not sent without TLS"),
        (MAIL + 'password_file = "nowhere"', r"line 8, channel\[1\].password: nowhere cannot be read \(No such file"),
        (MAIL.replace("host =", "hots ="), r"line 2, channel\[1\].host: it is missing"),
        (MAIL + MAIL, "line 2, channel: each needs a name of its own; used twice: ops"),
        (MAIL.replace('"mail"', '"pigeon"'), r"line 2, channel\[1\]: kind is unknown; allowed are 'mail'"),
        ('[[channel]]\nname = "x"', r"line 1, channel\[1\]: kind is missing"),
        ('[[channel]]\nname = "x"\nkind = "slack"\nurl = "hooks"', r"line 4, channel\[1\].url: write a whole address"),
        ('[[channel]]\nname = "x"\nkind = "webhook"\nurl = "https://x"\nsecret = "short"', r"line 5, channel\[1\].secret"),
        ('[quiet_hours]\nfrom = "25:00"\nto = "07:00"', "line 2, quiet_hours.from: write a time of day"),
        (
            '[quiet_hours]\nfrom = "22:00"\nto = "07:00"\ntimezone = "Mars"',
            "line 4, quiet_hours.timezone: there is no such time zone",
        ),
        ('[heartbeat]\nurl = "https://x"\nevery = "1s"', "line 3, heartbeat.every: between 10s and 86400s"),
        ("[rules.nonsense]\noff = true", "line 1, rules.nonsense: there is no such rule; the rules are service_down"),
        (MAIL.replace('"tradeai@example.com"', '"nobody"'), r"line 6, channel\[1\].from: write an address"),
        ('[rules.host_cpu]\nthreshold = "much"', "line 2, rules.host_cpu.threshold: .*number"),
        ('[rules.host_cpu]\nafter = "3 weeks"', 'line 2, rules.host_cpu.after: write a whole number and a unit, as in "30s"'),
        ('[rules.host_cpu]\nafter = "999999999999d"', "line 2, rules.host_cpu.after: 30 days"),
        ('[rules.host_cpu]\nchannels = ["nobody"]', "line 2, rules.host_cpu.channels: there is no channel nobody"),
    ],
)
def test_each_mistake_is_named_with_its_line(text: str, mistake: str) -> None:
    found = _mistakes(text)
    assert any(re.match(mistake, line) for line in found), found


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    text = MAIL + 'port = 0\n[quiet_hours]\nfrom = "x"\nto = "07:00"\n[rules.host_cpu]\nafter = "x"'
    assert [line.partition(",")[0] for line in _mistakes(text)] == ["line 8", "line 10", "line 13"]


def test_a_mistake_never_shows_a_secret() -> None:
    text = MAIL + 'password = "secretpart"\nuser = "u"\nsecurity = "none"'
    assert "secretpart" not in " ".join(_mistakes(text))


def test_an_unreadable_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "alerts.toml").write_bytes(b"\xff\xfe")
    assert [str(mistake) for mistake in SettingsFile(tmp_path / "alerts.toml").mistakes] == ["the file: it is not UTF-8 text"]
    (tmp_path / "folder").mkdir()
    assert "cannot be read" in str(SettingsFile(tmp_path / "folder").mistakes[0])


def test_an_enormous_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "alerts.toml").write_text("#" * 300_000)
    assert "larger than 256 kB" in str(SettingsFile(tmp_path / "alerts.toml").mistakes[0])


def test_a_file_that_is_not_there_is_no_mistake(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "alerts.toml")
    assert (file.present, file.mistakes) == (False, [])
    (tmp_path / "alerts.toml").write_text("")
    assert file.changed()
    assert file.reload()
    assert file.present
    assert not file.changed()
