import sys
import time
from collections.abc import Callable
from pathlib import Path

from ai.registry.jobs import JobFiles, JobState, TrainingJobs

WAITS_FOR_FILE = (
    "import sys,time,pathlib,fcntl\n"
    "lock=open(sys.argv[1]+'/training.lock','w'); fcntl.flock(lock, fcntl.LOCK_EX)\n"
    "while not pathlib.Path(sys.argv[1]+'/go').exists(): time.sleep(0.01)\n"
)


def waiting_command(folder: Path) -> list[str]:
    return [sys.executable, "-c", WAITS_FOR_FILE, str(folder)]


def eventually(check: Callable[[], bool], seconds: float = 10) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if check():
            return True
        time.sleep(0.01)
    return False


def test_a_second_start_names_the_training_that_runs(tmp_path: Path) -> None:
    jobs = TrainingJobs(tmp_path, waiting_command(tmp_path))
    first, second = jobs.start("pos"), jobs.start("pos")
    assert first.id == second.id
    (tmp_path / "go").touch()
    assert eventually(lambda: not jobs.running())


def test_a_training_that_dies_is_told_as_failed(tmp_path: Path) -> None:
    jobs = TrainingJobs(tmp_path, [sys.executable, "-c", "import os; os._exit(9)"])
    key = jobs.start("pos").id

    def failed() -> bool:
        state = jobs.find(key)
        return state is not None and state.status == "failed" and "ended early" in (state.error or "")

    assert eventually(failed)


def test_after_a_restart_of_the_service_an_interrupted_training_is_failed(tmp_path: Path) -> None:
    files = JobFiles(tmp_path)
    files.save(JobState("job_1", "pos", "running", "2024-01-01T00:00:00+00:00"))
    state = TrainingJobs(tmp_path).find("job_1")
    assert state is not None
    assert state.status == "failed"


def test_only_one_process_may_train(tmp_path: Path) -> None:
    with JobFiles(tmp_path).sole_training() as first, JobFiles(tmp_path).sole_training() as second:
        assert (first, second) == (True, False)


def test_a_job_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    assert JobFiles(tmp_path).find("../secret") is None


def test_a_training_can_be_stopped_and_leaves_the_model_before(tmp_path: Path) -> None:
    registry = tmp_path / "manifest.json"
    registry.write_text('{"models": []}')
    jobs = TrainingJobs(tmp_path, waiting_command(tmp_path))
    started = jobs.start("pos")
    stopped = jobs.stop("stopped by hand")
    assert stopped is not None
    assert (stopped.id, stopped.status, stopped.error) == (started.id, "failed", "stopped by hand")
    assert registry.read_text() == '{"models": []}'
    assert jobs.stop("again") is None
