"""TradeAI: trade promotion management on one machine that looks after itself."""

__version__ = "0.1.0"
