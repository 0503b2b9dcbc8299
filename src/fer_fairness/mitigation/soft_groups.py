"""How surely a face belongs to each group, where its group was predicted."""

import numpy as np
import numpy.typing as npt


def soft_memberships(
    codes: npt.NDArray[np.integer],
    confidence: npt.NDArray[np.float64],
    shares: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Share with which each face belongs to each group.

    Tables have the probability p of a predicted group and none of the others, which share 1 - p as
    they share other faces: exact with two groups.

    Args:
        codes: The place of each face's group, `(n,)`, -1 where it is not known.
        confidence: p of each face, `(n,)`; a face where it is not a number belongs to its group
            with 1, as does every face where no other group has a share.
        shares: How large the groups are, `(groups,)`.

    Returns:
        Shape `(n, groups)`; rows sum to 1, or to 0 where the group is not known.
    """
    sure = np.zeros((len(codes), len(shares)))
    known = codes >= 0
    sure[known, codes[known]] = 1.0
    others = (1 - sure) * shares
    total = others.sum(axis=1, keepdims=True)
    is_soft = np.isfinite(confidence) & (total[:, 0] > 0)
    p = np.where(is_soft, confidence, 1.0)[:, np.newaxis]
    found = p * sure + (1 - p) * others / np.where(total > 0, total, 1.0)
    return np.where(known[:, np.newaxis], found, 0.0)
