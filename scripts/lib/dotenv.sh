# Reading and writing .env: one NAME=value a line, the file replaced as a whole so that an interruption leaves old or new, never half.
# shellcheck shell=bash

# dotenv_get FILE NAME: the value (last one wins), empty when absent.
dotenv_get() { [ ! -f "$1" ] || sed -n "s/^$2=//p" "$1" | tail -n 1 | sed -e "s/^'\(.*\)'\$/\1/" -e 's/^"\(.*\)"$/\1/'; }

# dotenv_has FILE NAME: whether the name is there, with or without a value.
dotenv_has() { [ -f "$1" ] && grep -q "^$2=" "$1"; }

# dotenv_set FILE NAME VALUE: changes the name's line or appends one; everything else stays as it was.
dotenv_set() {
    local file=$1 name=$2 value=$3 new
    [ "$(dotenv_get "$file" "$name")" != "$value" ] || ! dotenv_has "$file" "$name" || return 0
    new=$(mktemp "$file.XXXXXX")
    chmod 600 "$new"
    NAME=$name VALUE=$value awk 'BEGIN { name = ENVIRON["NAME"]; value = ENVIRON["VALUE"] }
        index($0, name "=") == 1 { if (!done) print name "=" value; done = 1; next }
        { print }
        END { if (!done) print name "=" value }' "$file" >"$new"
    mv "$new" "$file"
}

# dotenv_names FILE: every name, in the file's order.
dotenv_names() { sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' "$1"; }
