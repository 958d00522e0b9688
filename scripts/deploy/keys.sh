# Part of phase "configuration": the keys that sign access tokens, and their rotation on --rotate-keys.
# shellcheck shell=bash

# Exists from the moment a secret file changed until all containers were made anew with it: an interrupted run leaves it to the next.
SECRETS_PENDING=$STATE/secrets-changed

key_id() { printf 'k%s-%s' "$(date -u +%Y%m%d)" "$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')"; }

random_key() { head -c 48 /dev/urandom | base64 -w 0; }

# random_keys ID: a ring with one key, as app/access/keys.py reads it.
random_keys() { printf '{"current":"%s","keys":{"%s":"%s"}}' "$1" "$1" "$(random_key)"; }

# ring_current RING: the id of the key that signs.
ring_current() { sed -nE 's/.*"current"[[:space:]]*:[[:space:]]*"([^"]+)".*/\1/p' <<<"$1"; }

# ring_key RING ID: the key with that id.
ring_key() {
    local colon='[[:space:]]*:[[:space:]]*"([^"]+)"'
    [[ $1 =~ "\"$2\""$colon ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# rotated_keys RING: a new key signs, the one before still verifies, older ones are gone. Fails when RING cannot be read.
rotated_keys() {
    local current key new
    current=$(ring_current "$1")
    [ -n "$current" ] && key=$(ring_key "$1" "$current") || return 1
    new=$(key_id)
    printf '{"current":"%s","keys":{"%s":"%s","%s":"%s"}}' "$new" "$new" "$(random_key)" "$current" "$key"
}

plan_keys() {
    local ring
    ring=$(dotenv_get .env JWT_KEYS)
    [ -n "$ROTATE_KEYS" ] && [ -n "$ring" ] || return 0
    rotated_keys "$ring" >/dev/null ||
        die "JWT_KEYS in .env cannot be read, so the keys cannot be rotated. Empty its value and run deploy.sh: it makes new keys, and signs everybody out. Nothing was changed."
    would "sign with a new key, keep the present one for the tokens in use, and drop older ones"
}

# keys_arrived RING: whether the containers have it; a rotation on top of one that never reached them would drop the key they sign with.
keys_arrived() { [ ! -e "$SECRETS_PENDING" ] && [ -f secrets/jwt_keys ] && [ "$(cat secrets/jwt_keys)" = "$1" ]; }

rotate_keys() {
    local ring
    ring=$(dotenv_get .env JWT_KEYS)
    [ -n "$ROTATE_KEYS" ] && [ -n "$ring" ] || return 0
    if ! keys_arrived "$ring"; then
        note "the keys in .env have not reached the containers yet: this run brings them there and rotates nothing"
        return
    fi
    # Single quotes: Compose reads the value as it stands.
    dotenv_set .env JWT_KEYS "'$(rotated_keys "$ring")'"
    done_ "a new key signs; the one before still verifies, so nobody is signed out"
}
