"""A broker with an opinion."""

from actors import Broker


class StrictBroker(Broker):
    """It takes nothing for the thing `sealed`, whose notify events become dead letters."""

    def configuration(self):
        (self.folder / "acl").write_text("topic readwrite #\ntopic readwrite $aws/#\n"
                                         "topic deny $aws/things/sealed/#\n")
        return super().configuration() + f"acl_file {self.folder}/acl\n"
