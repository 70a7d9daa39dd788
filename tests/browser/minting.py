"""Keys and tokens for links: what ``trio-sfu token`` prints."""

from click.testing import CliRunner

from trio_sfu.cli import main


def made(*arguments: str) -> str:
    """Return it. To start a process for each takes longer than to join."""
    done = CliRunner().invoke(main, ["token", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.strip()
