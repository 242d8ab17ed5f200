"""`python -m bot` is `assist`."""

from bot.cli import main

if __name__ == "__main__":
    main(prog_name="assist")
