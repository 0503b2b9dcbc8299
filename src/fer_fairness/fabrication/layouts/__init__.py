"""The datasets that can be fabricated, one file each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fer_fairness.fabrication.layouts.fairface_layout import FairFaceLayout
from fer_fairness.fabrication.layouts.fer_plus_layout import FerPlusLayout
from fer_fairness.fabrication.layouts.layout import FabricatedDataset, Layout
from fer_fairness.fabrication.layouts.raf_db_layout import RafDbLayout

LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {layout.name: layout for layout in (FerPlusLayout(), RafDbLayout(), FairFaceLayout())}
)

__all__ = ["LAYOUTS", "FabricatedDataset", "Layout"]
