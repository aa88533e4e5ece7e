"""The ledger under kills, power cuts, full disks, races and hands that change it; releases that are cut short."""
