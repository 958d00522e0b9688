"""A clock that was set shows for ten minutes, the kernel's own offset always; what cannot be known is not claimed."""

from app.supervisor.measures.clock_drift import ClockFigures, Kernel, ask_kernel


class Clocks:
    def __init__(self, kernel: Kernel | None = None) -> None:
        self.counting, self.wrong, self.kernel = 1000.0, 0.0, kernel
        self.figures = ClockFigures(lambda: self.counting + 1.7e9 + self.wrong, lambda: self.counting, lambda: self.kernel)

    def read(self, later: float = 30) -> tuple[float, str]:
        self.counting += later
        (measured,) = self.figures.read()
        return measured.value, measured.detail


def test_a_clock_that_just_runs_has_no_drift() -> None:
    assert Clocks(Kernel(0.0, True)).read()[0] == 0


def test_a_step_shows_with_its_direction_and_is_forgotten_after_ten_minutes() -> None:
    clocks = Clocks(Kernel(0.0, True))
    clocks.wrong = -90
    value, detail = clocks.read()
    assert value == 90
    assert "-90.0 s" in detail
    assert clocks.read(500)[0] == 90
    assert clocks.read(200)[0] == 0


def test_a_step_that_was_taken_back_is_no_drift() -> None:
    clocks = Clocks()
    clocks.wrong = 40
    clocks.read()
    clocks.wrong = 0
    assert clocks.read()[0] == 0


def test_hurried_readings_are_no_step() -> None:
    clocks = Clocks()
    for wrong in (0.02, -0.01, 0.03):
        clocks.wrong = wrong
        assert clocks.read()[0] == 0


def test_the_kernels_offset_counts() -> None:
    assert Clocks(Kernel(-2.5, True)).read()[0] == 2.5


def test_it_says_when_no_time_service_sets_the_clock_or_nobody_tells() -> None:
    assert "no time service" in Clocks(Kernel(0.0, False)).read()[1]
    assert "does not tell" in Clocks(None).read()[1]


def test_the_real_kernel_answers_within_reason() -> None:
    kernel = ask_kernel()
    assert kernel is None or abs(kernel.offset) < 3600
