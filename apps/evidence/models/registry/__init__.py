"""The register that fingerprint tests take their names from: models, watermark keys, canaries. Nothing of it goes."""

from apps.evidence.models.registry.canaries import Canary
from apps.evidence.models.registry.protected import Attestation, ModelVersion, ProtectedModel, SignatureCheck
from apps.evidence.models.registry.suspects import SuspectModel
from apps.evidence.models.registry.watermarks import (
    KeyDeployment,
    KeyHolding,
    KeyIncident,
    WatermarkKey,
    WatermarkScheme,
)

__all__ = [
    "Attestation",
    "Canary",
    "KeyDeployment",
    "KeyHolding",
    "KeyIncident",
    "ModelVersion",
    "ProtectedModel",
    "SignatureCheck",
    "SuspectModel",
    "WatermarkKey",
    "WatermarkScheme",
]
