"""Claims about the fleet as a whole: late values, quota, versions."""
