"""Commands in this process, as their users meet them, against the stand-ins for Azure and Anyscale."""
