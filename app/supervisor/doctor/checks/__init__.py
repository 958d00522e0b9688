"""One file a check; whatever lies here is found by `doctor.catalogue`. A file has

GROUP, TITLE, SOURCE  where it stands on the page, what is looked at, and who saw the evidence
look(world)           the Finding; pure. Raises NoEvidence when it cannot be told
FIX, fix(world)       where it is safe to let the machine correct it: what will be done, and doing it
"""
