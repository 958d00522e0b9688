# Phase "demo", on --demo: real orange-juice sales through the same import path as a customer's own.
# shellcheck shell=bash

plan_demo() { [ -z "$DEMO" ] || would "load the demonstration sales"; }

phase_demo() {
    [ -n "$DEMO" ] || return 0
    say "loading the demonstration sales (about two minutes)"
    scripts/tradeai demo load || die "The demonstration sales could not be loaded; run scripts/tradeai demo load again: what has landed is not loaded twice."
}
