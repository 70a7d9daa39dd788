"""The configuration: its model, its sources, and the errors an operator sees."""

from trio_sfu.config.load import load
from trio_sfu.config.model import Config

__all__ = ["Config", "load"]
