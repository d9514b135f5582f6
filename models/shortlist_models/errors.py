"""Every coded error of the training code: a code never changes its meaning, the message says what to do."""

ERRORS = {
    "training_input_missing": "{file} is missing. Run the export step of `shortlist train` first.",
    "training_input_invalid": "{file} cannot be used: {reason}.",
    "training_config_invalid": "Training parameter {setting} is invalid: {reason}.",
    "training_data_missing": "There is nothing to learn from: {missing}. Needed: {needed}.",
    "training_data_too_small": "Too little data for the {model}: needed {needed}, have {have}. "
    "Popularity and content still work; train again when there are more events.",
}


class CodedError(Exception):
    """An operating error: expected, coded, with the data a reader needs to mend it."""

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        self.details = details
        super().__init__(ERRORS[code].format(**details))
