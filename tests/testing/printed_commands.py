"""What the command lines of Azure and Anyscale take, for commands that are printed."""

from __future__ import annotations

import shlex

_EVERYWHERE = {"--subscription"}
#: What of azure-cli 2.91.0 (its own parser, and for the two extensions their reference) and anyscale 0.26.112 is needed
#: and known, by command: what it cannot do without, any one of them for a set; and what else it takes here.
TAKES: dict[str, tuple[list[set[str]], set[str]]] = {
    "az aks delete": ([{"--name"}, {"--resource-group"}], {"--yes"}),
    "az aks maintenanceconfiguration delete": ([{"--cluster-name"}, {"--name"}, {"--resource-group"}], set()),
    "az aks nodepool delete": ([{"--cluster-name"}, {"--name"}, {"--resource-group"}], {"--ignore-pdb"}),
    "az identity delete": ([{"--ids"}], set()),
    "az identity federated-credential delete": ([{"--identity-name"}, {"--name"}, {"--resource-group"}], {"--yes"}),
    "az k8s-configuration flux delete": (
        [{"--cluster-name"}, {"--cluster-type"}, {"--name"}, {"--resource-group"}],
        {"--yes", "--force"},
    ),
    "az k8s-extension delete": (
        [{"--cluster-name"}, {"--cluster-type"}, {"--name"}, {"--resource-group"}],
        {"--yes", "--force"},
    ),
    "az lock list": ([], {"--resource-group"}),
    "az network nat gateway delete": ([{"--ids"}], set()),
    "az network nsg delete": ([{"--ids"}], set()),
    "az network public-ip delete": ([{"--ids"}], set()),
    "az network vnet delete": ([{"--ids"}], set()),
    "az network vnet subnet delete": ([{"--ids"}], set()),
    "az role assignment delete": ([{"--ids", "--assignee"}], set()),
    "az stack group delete": ([{"--action-on-unmanage"}, {"--name"}, {"--resource-group"}], {"--yes"}),
    "az stack sub delete": ([{"--action-on-unmanage"}, {"--name"}], {"--yes"}),
    "anyscale cloud resource delete": ([{"--cloud"}, {"--resource"}], {"--yes"}),
}


def judged(command: str) -> None:
    """Whether a command line takes it, and asks nothing."""
    words = shlex.split(command)
    name = next(known for known in TAKES if words[: len(known.split())] == known.split())
    needed, known = TAKES[name]
    options = [word for word in words if word.startswith("-")]
    assert len(options) == len(set(options))
    assert all(len(any_of & set(options)) == 1 for any_of in needed), command
    assert set(options) <= set().union(*needed, known, _EVERYWHERE if name.startswith("az ") else set()), command
    if "--yes" in known:
        assert "--yes" in options, f"it would ask: {command}"
    switches = {"--yes", "--force", "--ignore-pdb"}
    for option, value in zip(words, [*words[1:], ""], strict=True):
        if option.startswith("-") and option not in switches:
            assert value and not value.startswith("-"), command
    assert "guid(" not in command and "[" not in command
