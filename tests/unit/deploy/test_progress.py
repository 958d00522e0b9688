"""What the progress display makes of `docker ps`."""

from tests.unit.deploy.conftest import Bash


def test_states_come_from_the_status_column(bash: Bash) -> None:
    listing = (
        "mongodb running Up 5 seconds (healthy)\\n"
        "redis running Up 2 seconds (health: starting)\\n"
        "backend running Up 9 minutes (unhealthy)\\n"
        "nginx created Created\\n"
        "ai exited Exited (137) 3 seconds ago\\n"
    )
    done = bash(f"docker() {{ printf '{listing}'; }}; dotenv_get() {{ echo x; }}; service_states")
    assert done.stdout.splitlines() == ["mongodb healthy", "redis starting", "backend unhealthy", "nginx created", "ai exited"]
