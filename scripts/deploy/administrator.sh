# Phase "administrator": the first person who may sign in; the password is shown once and kept nowhere.
# shellcheck shell=bash

# Names the data in which an administrator was seen, so that a run on the same data need not ask again.
SEEN_ADMINISTRATOR=$STATE/seen-administrator
# Names the account whose password nobody may have seen: an interrupted run leaves it, and the next one makes a new password.
UNSEEN_PASSWORD=$STATE/unseen-password

plan_administrator() { would "make the first administrator if there is none, and show the password once"; }

data_identity() {
    docker volume inspect --format '{{.Name}} {{.CreatedAt}}' "$(dotenv_get .env COMPOSE_PROJECT_NAME)_mongodb-data" 2>/dev/null
}

administrator_seen() { [ ! -e "$UNSEEN_PASSWORD" ] && [ -s "$SEEN_ADMINISTRATOR" ] && [ "$(cat "$SEEN_ADMINISTRATOR")" = "$(data_identity)" ]; }

phase_administrator() {
    local people email answer unseen=''
    if administrator_seen; then
        done_ "an administrator exists"
        return
    fi
    people=$(scripts/tradeai user list --json 2>>"$DEPLOY_LOG") || die "The people cannot be listed; see $DEPLOY_LOG and run deploy.sh again."
    email=$(dotenv_get .env TRADEAI_EMAIL)
    email=${email:-admin@$(wanted_domain)}
    [ ! -e "$UNSEEN_PASSWORD" ] || unseen=$(cat "$UNSEEN_PASSWORD")
    if [ -n "$unseen" ] && grep -qF "\"$unseen\"" <<<"$people"; then
        email=$unseen
        answer=$(scripts/tradeai user reset "$email" --json 2>>"$DEPLOY_LOG") || die "The administrator's password could not be made new; see $DEPLOY_LOG."
    elif grep -qE '"role": *"administrator"' <<<"$people"; then
        rm -f "$UNSEEN_PASSWORD"
        data_identity >"$SEEN_ADMINISTRATOR"
        done_ "an administrator exists"
        return
    else
        printf '%s' "$email" >"$UNSEEN_PASSWORD"
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
