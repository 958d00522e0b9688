"""Entry point of `tradeai` and `python -m app.cli`."""

import sys

from pydantic import ValidationError


def main() -> None:
    """Run the command; a setting that makes no sense is one sentence, not a traceback."""
    try:
        from app.cli.app import tradeai  # reads the settings
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            print(f"The setting TRADEAI_{name} is wrong: {wrong['msg']}. Correct it in .env.", file=sys.stderr)
        raise SystemExit(2) from None
    tradeai(prog_name="tradeai")


if __name__ == "__main__":
    main()
