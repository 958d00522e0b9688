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


def test_what_compose_made_and_did_not_start_is_started(bash: Bash) -> None:
    """During an update the supervisor starts nothing."""
    docker = 'docker() { if [ "$1" = ps ]; then echo "$*" >"$STATE/asked"; echo c1; echo c2; fi; }'
    fake = (
        'printf \'#!/bin/sh\\necho "$@" >"%s/started"\\n\' "$STATE" >"$STATE/docker"; chmod +x "$STATE/docker"; PATH=$STATE:$PATH'
    )
    setup = f"STATE=$(mktemp -d); DEPLOY_LOG=$STATE/log; dotenv_get() {{ echo x; }}; {docker}; {fake}"
    done = bash(f'{setup}; start_the_rest; cat "$STATE/started" "$STATE/asked"')
    started, asked = done.stdout.splitlines()
    assert started == "start c1 c2"
    assert "status=created" in asked
    assert "project=x" in asked
