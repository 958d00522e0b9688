# The tiers of the test run: each prints its count and its time; the first failure does not hide the later tiers.
# shellcheck shell=bash

ARTIFACTS=$ROOT/tests/artifacts
SUMMARY=()
FAILED=0
PASSED=0

begin_tests() {
    mkdir -p "$ARTIFACTS"
    heading "Preparing"
    apt_install python3 python3-venv git curl ca-certificates >"$ARTIFACTS/apt.log" 2>&1 ||
        die "Debian packages for the tests could not be installed; see $ARTIFACTS/apt.log."
    ensure_venv "$ROOT"
    done_ "Python environment is ready"
}

# run_tier NAME: the function tier_NAME, timed; its pytest reports are counted.
run_tier() {
    local name=$1 started=$SECONDS code=0 count
    heading "Tier $name"
    rm -f "$ARTIFACTS/$name"*.xml
    "tier_$name" || code=$?
    count=$(count_results "$name")
    PASSED=$((PASSED + ${count% *}))
    if [ "$code" -ne 0 ]; then FAILED=$((FAILED + (${count#* } > 0 ? ${count#* } : 1))); fi
    SUMMARY+=("$(printf '%-12s %5d passed  %3d failed  %5d s  %s' "$name" "${count% *}" "${count#* }" \
        $((SECONDS - started)) "$([ "$code" -eq 0 ] && echo ok || echo FAILED)")")
    note "${SUMMARY[-1]}"
}

# count_results NAME: "PASSED FAILED" over the tier's reports.
count_results() {
    "$ROOT/.venv/bin/python" - "$ARTIFACTS" "$1" <<'PYTHON'
import pathlib, sys
from xml.etree import ElementTree

passed = failed = 0
for report in pathlib.Path(sys.argv[1]).glob(f"{sys.argv[2]}*.xml"):
    for suite in ElementTree.parse(report).iter("testsuite"):
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        failed += bad
        passed += int(suite.get("tests", 0)) - bad - int(suite.get("skipped", 0))
print(passed, failed)
PYTHON
}

end_tests() {
    heading "Summary"
    printf '  %s\n' "${SUMMARY[@]}"
    printf '\n%d passed, %d failed\n' "$PASSED" "$FAILED"
    [ "$FAILED" -eq 0 ]
}

# pytest_tier NAME FOLDER [OPTION...]: one pytest run with its report. Only the contract tier needs schemathesis, and importing it
# takes seconds in each process.
pytest_tier() {
    local name=$1 folder=$2
    shift 2
    if [ -n "$FAST" ]; then set -- "$@" -m "not long and not slow"; elif [ -z "$FULL" ]; then set -- "$@" -m "not long"; fi
    [ "$name" = contract ] || set -- "$@" -p no:schemathesis
    "$ROOT/.venv/bin/python" -m pytest "$folder" --junitxml "$ARTIFACTS/$name.xml" -o junit_suite_name="$name" "$@"
}

# check NAME COMMAND...: one static check, shown as a line; all its output on failure.
check() {
    local name=$1 log=$ARTIFACTS/static-$1.log
    shift
    if "$@" >"$log" 2>&1; then
        done_ "$name"
    else
        warn "$name failed:"
        cat "$log" >&2
        return 1
    fi
}

tier_static() {
    local code=0 bin=$ROOT/.venv/bin types shell_files docker_files
    mapfile -t shell_files < <(git ls-files -co --exclude-standard | while read -r file; do
        [ -f "$file" ] || continue
        [[ $file == *.sh ]] || { head -n 1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b'; } || continue
        echo "$file"
    done)
    mapfile -t docker_files < <(git ls-files -co --exclude-standard '*Dockerfile*')
    # Types take as long as all the others together.
    check mypy "$bin/mypy" &
    types=$!
    check ruff "$bin/ruff" check app ai demo tests scripts compose || code=1
    check format "$bin/ruff" format --check app ai demo tests scripts compose || code=1
    check import-linter "$bin/lint-imports" || code=1
    check shellcheck "$bin/shellcheck" -x "${shell_files[@]}" || code=1
    check hadolint "$bin/hadolint" --config compose/hadolint.yaml "${docker_files[@]}" || code=1
    wait "$types" || code=1
    return "$code"
}

# tools_up: programs that tests run beside ours, unpacked from Debian's packages: installed they would start as services.
tools_up() {
    local tools=$ROOT/.cache/tools
    if [ ! -x "$tools/usr/bin/promtool" ] || [ ! -x "$tools/usr/bin/rclone" ]; then
        mkdir -p "$tools"
        unpack_from_suite bookworm "$tools" prometheus rclone >>"$ARTIFACTS/apt.log" 2>&1 ||
            { warn "promtool and rclone could not be fetched; see $ARTIFACTS/apt.log"; return 1; }
    fi
    export PATH=$PATH:$tools/usr/bin TRADEAI_TEST_RCLONE=$tools/usr/bin/rclone
}

# watchers_up: the programs that our supervisor is compared with, unpacked in the same way.
watchers_up() {
    local tools=$ROOT/.cache/watchers
    if [ ! -x "$tools/usr/bin/prometheus-alertmanager" ]; then
        mkdir -p "$tools"
        unpack_from_suite bookworm "$tools" monit prometheus prometheus-alertmanager prometheus-blackbox-exporter >>"$ARTIFACTS/apt.log" 2>&1 ||
            { warn "Monit and Prometheus could not be fetched; see $ARTIFACTS/apt.log"; return 1; }
    fi
}

# redis_up: a Redis for tests to start and break themselves; the service that comes with the package is not left running.
redis_up() {
    [ -x /usr/bin/redis-server ] && return 0
    apt_install redis-server >>"$ARTIFACTS/apt.log" 2>&1 || { warn "redis-server could not be installed; see $ARTIFACTS/apt.log"; return 1; }
    systemctl disable --now redis-server >/dev/null 2>&1 || true
}

# orange_juice_up: the real sales as the demonstration's image holds them.
orange_juice_up() {
    local folder=$ROOT/.cache/orange-juice container
    if [ ! -d "$folder" ]; then
        container=$(docker create "tradeai/demo:$(appliance_setting TRADEAI_TAG)") || return 1
        docker cp "$container:/opt/demo" "$folder" >/dev/null
        docker rm "$container" >/dev/null
    fi
    export TRADEAI_ORANGE_JUICE=$folder
}

# vendor_up: what browsers load from others (fonts, scripts), as the app image holds it, for pages that tests serve themselves.
vendor_up() {
    local folder=$ROOT/app/web/static/vendor container
    container=$(docker create "tradeai/app:$(appliance_setting TRADEAI_TAG)") || return 1
    rm -rf "$folder"
    docker cp "$container:/srv/tradeai/app/web/static/vendor" "$folder" >/dev/null
    docker rm "$container" >/dev/null
}

tier_unit() {
    if [ -n "$FAST" ]; then
        pytest_halves
    else
        tools_up && pytest_tier unit tests/unit -n 2
    fi
}

# pytest_halves: the quick tests in two runs beside each other, the supervisor's in one: they are half of the work. Sharing it out
# test by test would import and collect everything three times.
pytest_halves() {
    local code=0 other half=tests/unit/supervisor
    pytest_tier unit-one "$half" >"$ARTIFACTS/unit-one.log" 2>&1 &
    other=$!
    pytest_tier unit-two tests/unit --ignore="$half" || code=$?
    wait "$other" || code=$?
    cat "$ARTIFACTS/unit-one.log"
    return "$code"
}

tier_integration() {
    local code=0
    redis_up && data_services_up && orange_juice_up || return 1
    pytest_tier integration tests/integration || code=$?
    data_services_down
    return "$code"
}

tier_e2e() { tools_up && appliance_up && pytest_tier e2e tests/e2e; }

tier_browser() {
    apt_install chromium fonts-dejavu-core >>"$ARTIFACTS/apt.log" 2>&1 || die "Chromium could not be installed; see $ARTIFACTS/apt.log."
    appliance_up && vendor_up && pytest_tier browser tests/browser
}

tier_contract() { appliance_up && pytest_tier contract tests/contract; }
