from pathlib import Path

import pytest

from ai.settings import MissingSecret, read_settings


def test_the_password_comes_from_its_file_and_is_never_shown(tmp_path: Path) -> None:
    (tmp_path / "mongo_ai_password").write_text("hush\n")
    settings = read_settings({"TRADEAI_SECRETS_DIR": str(tmp_path), "TRADEAI_MONGO_PORT": "27018"})
    assert settings.mongo_password == "hush"
    assert settings.mongo_port == 27018
    assert "hush" not in repr(settings)


def test_a_missing_secret_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(MissingSecret, match="mongo_ai_password"):
        read_settings({"TRADEAI_SECRETS_DIR": str(tmp_path)})
