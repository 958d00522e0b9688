"""Prometheus metrics on 9090: the supervisor's own process, the host, and every service. Names are stable."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from app.supervisor.state import HostState, Outcome, Phase, ServiceState, State


def registry(state: Callable[[], State], version: str, others: Iterable[Collector] = ()) -> CollectorRegistry:
    """Everything that `/metrics` shows; `others` are the collectors of further rooms."""
    made = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    made.register(_Appliance(state, version))
    for collector in others:
        made.register(collector)
    return made


class _Appliance(Collector):
    """Reads the supervisor's state at the moment of the scrape."""

    def __init__(self, state: Callable[[], State], version: str) -> None:
        self._state, self._version = state, version

    def collect(self) -> Iterator[Metric]:
        state = self._state()
        yield InfoMetricFamily("tradeai", "The version of this appliance.", {"version": self._version})
        yield _gauge("tradeai_docker_up", "1 while Docker answers through its proxy.", float(state.docker.answers is True))
        yield from _services(list(state.services.values()))
        if state.host is not None:
            yield from _host(state.host)


def _services(services: list[ServiceState]) -> Iterator[Metric]:
    """One family after the other, a sample a service; what is not known now is absent rather than 0."""
    yield _each("tradeai_service_up", "1 while the service is healthy.", services, lambda s: float(s.phase is Phase.HEALTHY))
    states = GaugeMetricFamily(
        "tradeai_service_state", "1 for the state the service is in, 0 for the others.", labels=["service", "state"]
    )
    for service in services:
        for phase in Phase:
            states.add_metric([service.name, phase.value], float(service.phase is phase))
    yield states
    yield _each(
        "tradeai_service_state_since_timestamp_seconds",
        "When the service came into its state.",
        services,
        lambda s: s.since.timestamp() if s.since else None,
    )
    restarts = CounterMetricFamily(
        "tradeai_service_restarts", "Restarts by the supervisor to heal the service.", labels=["service"]
    )
    for service in services:
        restarts.add_metric([service.name], service.restarts)
    yield restarts
    yield from _probes(services)
    yield from _usage([service for service in services if service.usage is not None])


def _probes(services: list[ServiceState]) -> Iterator[Metric]:
    yield _each(
        "tradeai_probe_success",
        "1 if the last probe of the service was answered well.",
        services,
        lambda s: None if s.probe.outcome is None else float(s.probe.outcome is Outcome.OK),
    )
    yield _each(
        "tradeai_probe_duration_seconds",
        "How long the last probe of the service took.",
        services,
        lambda s: None if s.probe.latency_ms is None else s.probe.latency_ms / 1000,
    )


def _usage(services: list[ServiceState]) -> Iterator[Metric]:
    cpu = CounterMetricFamily(
        "tradeai_service_cpu_seconds", "Processor time the container used since it started.", labels=["service"]
    )
    for service in services:
        if service.usage is not None:
            cpu.add_metric([service.name], service.usage.cpu_seconds)
    yield cpu
    yield _each(
        "tradeai_service_memory_bytes",
        "Memory of the container without reclaimable page cache.",
        services,
        lambda s: s.usage.memory if s.usage else None,
    )
    yield _each(
        "tradeai_service_memory_limit_bytes",
        "Memory the container may use.",
        services,
        lambda s: s.usage.memory_limit if s.usage else None,
    )


def _host(host: HostState) -> Iterator[Metric]:
    yield _gauge("tradeai_host_cpu_ratio", "Share of all processors in use.", host.cpu)
    yield _gauge("tradeai_host_cpus", "Processors.", host.cpu_count)
    load = GaugeMetricFamily("tradeai_host_load", "Mean number of runnable processes.", labels=["minutes"])
    for minutes, value in zip(("1", "5", "15"), host.load, strict=True):
        load.add_metric([minutes], value)
    yield load
    yield _gauge("tradeai_host_memory_bytes", "Memory of the host.", host.memory_total)
    yield _gauge("tradeai_host_memory_available_bytes", "Memory that new work could get without swapping.", host.memory_available)
    yield _gauge("tradeai_host_swap_bytes", "Swap space.", host.swap_total)
    yield _gauge("tradeai_host_swap_used_bytes", "Swap space in use.", host.swap_used)
    yield _gauge("tradeai_host_disk_bytes", "Size of the disk that holds the volumes.", host.disk_total)
    yield _gauge("tradeai_host_disk_free_bytes", "Room left on that disk.", host.disk_free)
    yield _gauge("tradeai_host_inodes", "Files that disk can hold; 0 where the file system has no limit.", host.inodes_total)
    yield _gauge("tradeai_host_inodes_free", "Files that can still be made there.", host.inodes_free)
    if host.disks:
        yield _of_disks("tradeai_host_other_disk_bytes", "Size of a further disk that something of ours lies on.", host, "total")
        yield _of_disks("tradeai_host_other_disk_free_bytes", "Room left on that disk.", host, "free")
    yield _gauge("tradeai_host_boot_time_seconds", "When the host was started.", host.booted_at.timestamp())


def _of_disks(name: str, text: str, host: HostState, figure: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["disk"])
    for disk in host.disks:
        family.add_metric([disk.name], getattr(disk, figure))
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _each(name: str, text: str, services: list[ServiceState], value: Callable[[ServiceState], float | None]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=["service"])
    for service in services:
        found = value(service)
        if found is not None:
            family.add_metric([service.name], found)
    return family
