# Phase "administrator": the first person who may sign in; the password is shown once and kept nowhere.
# shellcheck shell=bash

# Set while an account may exist whose password nobody has seen: an interrupted run leaves it, and the next one makes a new password.
UNSEEN_PASSWORD=$STATE/unseen-password

plan_administrator() { would "make the first administrator if there is none, and show the password once"; }

phase_administrator() {
    local people email answer
    people=$(scripts/tradeai user list --json 2>>"$DEPLOY_LOG") || die "The people cannot be listed; see $DEPLOY_LOG and run deploy.sh again."
    email=$(dotenv_get .env TRADEAI_EMAIL)
    email=${email:-admin@$(wanted_domain)}
    if [ -e "$UNSEEN_PASSWORD" ] && grep -q "\"$email\"" <<<"$people"; then
        answer=$(scripts/tradeai user reset "$email" --json 2>>"$DEPLOY_LOG") || die "The administrator's password could not be made new; see $DEPLOY_LOG."
    elif grep -qE '"role": *"administrator"' <<<"$people"; then
        rm -f "$UNSEEN_PASSWORD"
        done_ "an administrator exists"
        return
    else
        : >"$UNSEEN_PASSWORD"
        answer=$(scripts/tradeai user add "$email" --role administrator --json 2>>"$DEPLOY_LOG") ||
            die "The first administrator could not be made; see $DEPLOY_LOG and run deploy.sh again."
    fi
    printf '\n  %sSign in as    %s%s\n  %sPassword      %s%s   (shown once; change it after signing in)\n\n' "$BOLD" "$email" "$PLAIN" "$BOLD" \
        "$(sed -n 's/.*"password": *"\([^"]*\)".*/\1/p' <<<"$answer")" "$PLAIN"
    rm -f "$UNSEEN_PASSWORD"
}

wanted_domain() {
    local domain
    domain=$(dotenv_get .env TRADEAI_DOMAIN)
    # A name that can never be somebody else's (RFC 2606), for an installation that has no domain.
    echo "${domain:-tradeai.example}"
}
