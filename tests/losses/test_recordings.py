"""Every loss that was recorded from another system is met by a counterpart, or is left out for a reason."""

# What nlref does not have, or cannot compare, and why. A key that a counterpart comes to claim must go from here.
LEFT_OUT = {
    ("mxnet191", "loss/PoissonNLLLoss_nolog"): "its mean over inputs that hold NaN and negative rates is NaN",
    ("mxnet191", "loss/SDMLLoss"): "a loss of a batch of pairs that nlref does not have",
    ("torch213", "loss/bce_none_raw"): "PyTorch refused the inputs: nothing was recorded",
}


def left_out(file: str, key: str) -> bool:
    return (file.removesuffix("_nomkldnn"), key) in LEFT_OUT


def test_every_recorded_loss_is_met_or_left_out_for_a_reason(recorded_losses, all_recordings):
    missing = [
        f"{file}: {key}"
        for file, key in recorded_losses
        if (file, key) not in all_recordings and not left_out(file, key)
    ]
    assert not missing


def test_nothing_is_left_out_that_is_met(recorded_losses, all_recordings):
    assert not [f"{file}: {key}" for file, key in all_recordings if left_out(file, key)]
    recorded = {(file.removesuffix("_nomkldnn"), key) for file, key in recorded_losses}
    assert set(LEFT_OUT) <= recorded


def test_every_claimed_recording_exists(recorded_losses, all_recordings):
    assert all_recordings <= set(recorded_losses)


def test_every_defect_and_every_coarse_bound_has_a_reason(loss):
    for other in loss.facts.counterparts:
        assert all(defect.reason for defect in other.defects)
        if other.float32 > 2e-6 or other.float64 > 1e-14:
            assert other.differs, other.call
