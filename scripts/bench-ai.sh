#!/usr/bin/env bash
# Reruns every accuracy benchmark of the AI service beside its peers, and writes docs/accuracy.md.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
# shellcheck source=scripts/lib/log.sh
. scripts/lib/log.sh
# shellcheck source=scripts/lib/python.sh
. scripts/lib/python.sh

usage() {
    cat <<'HELP'
Usage: scripts/bench-ai.sh [--data] [--no-peers] [SECTION ...]

  --data       fetch the data and stop
  --no-peers   leave the methods from PyPI out
  SECTION      naive forecast training scale serving optimiser baseline windows placebo planted elasticity (default: these), and
               final: weeks 157 to 160, to be looked at once, when the model is settled

Data, peers' Python and results lie in .cache/orange-juice, .cache/peers and .cache/bench-ai. Takes about half an hour of one core
for our own models, and as long for the peers. TRADEAI_BENCH_PROCESSES (2) rounds are forecast side by side.

HELP
}

data_only='' peers=yes sections=()
for argument in "$@"; do
    case $argument in
        --help) usage; exit 0 ;;
        --data) data_only=yes ;;
        --no-peers) peers='' ;;
        -*) usage >&2; exit 2 ;;
        *) sections+=("$argument") ;;
    esac
done

DATA=$ROOT/.cache/orange-juice
RESULTS=$ROOT/.cache/bench-ai
PEERS=$ROOT/.cache/peers
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 TRADEAI_ORANGE_JUICE=$DATA

# fetch_data: the sales as CSV files in DATA, from Debian's package, unpacked without installing R.
fetch_data() {
    [ -s "$DATA/sales.csv" ] && return
    local work
    work=$(mktemp -d)
    (cd "$work" && apt-get download -qq r-cran-bayesm && dpkg-deb -x r-cran-bayesm_*.deb .) \
        || die "The Debian package r-cran-bayesm could not be fetched; run 'apt-get update' and try again."
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet "rdata>=0.11"
    "$work/venv/bin/python" demo/convert.py "$(find "$work" -name orangeJuice.rda)" "$DATA"
    rm -rf "$work"
}

# install_peers: a Python of their own, so that nothing of theirs reaches the product.
install_peers() {
    local uv=$ROOT/.cache/uv-tool/bin/uv # ensure_venv put it there
    [ -x "$PEERS/bin/python" ] || "$uv" venv --quiet "$PEERS"
    "$uv" pip install --quiet --python "$PEERS/bin/python" numpy statsforecast statsmodels lightgbm
    "$uv" pip install --quiet --python "$PEERS/bin/python" prophet || warn "Prophet could not be installed; its rows stay empty."
}

# run_peers: each on its own, so that one that fails leaves a gap in the table and nothing else.
run_peers() {
    local name
    for name in seasonal-naive lightgbm ets arima prophet \
        windows-mean-of-4 windows-seasonal-naive windows-ets windows-prophet windows-state-space \
        planted-mean-of-4 planted-state-space planted-prophet; do
        rm -f "$RESULTS/peer-$name.json"
        PYTHONPATH=$ROOT nice -n 19 "$PEERS/bin/python" scripts/bench-ai/peers.py "$DATA" "$RESULTS" "$name" \
            || warn "The peer $name failed; its row says that it was not run."
    done
}

[ ${#sections[@]} -gt 0 ] || sections=(naive forecast training scale serving optimiser baseline windows placebo planted elasticity)
ensure_venv "$ROOT"
fetch_data
[ -z "$data_only" ] || exit 0
"$ROOT/.venv/bin/pytest" -q tests/unit/ai/evaluation/test_orange_juice_rounds.py
# Each in a process of its own: the memory that the page tells is that of the section alone.
for section in "${sections[@]}"; do
    nice -n 19 "$ROOT/.venv/bin/python" -m ai.evaluation.accuracy "$DATA" "$RESULTS" "$section" \
        || die "The section $section failed; what was measured before it is in $RESULTS."
done
if [ -n "$peers" ]; then
    install_peers
    run_peers
fi
"$ROOT/.venv/bin/python" -m ai.evaluation.accuracy_page "$RESULTS" docs/accuracy.md
say "Written: docs/accuracy.md"
