"""Operations of one service: messages put aside, lags, gaps, the bus's rights and sync policy, versions."""

from shared.kit.ops.module import ops

__all__ = ["ops"]
