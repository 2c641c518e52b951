"""PBX links; each folder enters by its entry point, as a third party's would."""
