# Phase "duties": the timer that runs scripts/backup-duties.sh every night and after every start of the machine; and the settings as
# they are now, saved.
# shellcheck shell=bash

# Tests point them elsewhere.
SYSTEMD_RUNS=${SYSTEMD_RUNS:-/run/systemd/system}
SYSTEMD_UNITS=${SYSTEMD_UNITS:-/etc/systemd/system}
CRON_FOLDER=${CRON_FOLDER:-/etc/cron.d}

plan_duties() { [ "$(wanted_setting BACKUP_DUTIES)" = off ] || would "install a timer for the backups that only the host can make"; }

phase_duties() {
    local name
    name=$(dotenv_get .env COMPOSE_PROJECT_NAME)-duties
    scripts/backup-duties.sh --settings >>"$DEPLOY_LOG" 2>&1 </dev/null || warn "the settings could not be saved in BACKUP_DIR/configuration; see $DEPLOY_LOG"
    if [ "$(dotenv_get .env BACKUP_DUTIES)" = off ]; then
        note "no timer for code and system backups (BACKUP_DUTIES=off in .env): run scripts/backup-duties.sh yourself"
    elif [ -d "$SYSTEMD_RUNS" ]; then
        write_unit "$name.service" "$(duties_service)"
        write_unit "$name.timer" "$(duties_timer)"
        { systemctl daemon-reload && systemctl enable --now "$name.timer"; } >>"$DEPLOY_LOG" 2>&1 ||
            warn "the timer $name could not be started: systemctl status $name.timer"
        done_ "settings, code and system are backed up by the timer $name"
    elif [ -d "$CRON_FOLDER" ]; then
        printf '20 2 * * * root %s\n@reboot root sleep 180; %s\n' "$ROOT/scripts/backup-duties.sh" "$ROOT/scripts/backup-duties.sh" >"$CRON_FOLDER/$name.new"
        mv "$CRON_FOLDER/$name.new" "$CRON_FOLDER/$name"
        done_ "settings, code and system are backed up by cron ($CRON_FOLDER/$name)"
    else
        warn "this machine has neither systemd nor cron: have something run scripts/backup-duties.sh every night"
    fi
}

write_unit() { printf '%s\n' "$2" >"$SYSTEMD_UNITS/$1.new" && mv "$SYSTEMD_UNITS/$1.new" "$SYSTEMD_UNITS/$1"; }

duties_service() {
    cat <<UNIT
[Unit]
Description=TradeAI in $ROOT: backups that only the host can make
After=docker.service

[Service]
Type=oneshot
ExecStart=$ROOT/scripts/backup-duties.sh
Nice=10
UNIT
}

duties_timer() {
    cat <<UNIT
[Unit]
Description=TradeAI in $ROOT: nightly, and after a start

[Timer]
OnCalendar=*-*-* 02:20:00 UTC
OnBootSec=3min
Persistent=true

[Install]
WantedBy=timers.target
UNIT
}
