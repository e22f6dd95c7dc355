"""The main job in one call: from offence files to a ranked, explained cohort."""
