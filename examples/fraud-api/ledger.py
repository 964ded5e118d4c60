"""Stands for the bank: writes what became of the transactions of late, for the job that trains the model anew."""

import csv
from pathlib import Path

HERE = Path(__file__).parent
LEDGER = Path("/ledger/transactions.csv")
# Prices rose since the model was trained.
RISE = 3


def main():
    with open(HERE / "data" / "transactions.csv", newline="") as trained, open(LEDGER, "w", newline="") as late:
        reader = csv.DictReader(trained)
        writer = csv.DictWriter(late, reader.fieldnames, lineterminator="\n")
        writer.writeheader()
        rows = [{**row, "amount": round(float(row["amount"]) * RISE, 2)} for row in reader]
        writer.writerows(rows)
    print(f"{len(rows)} transactions are in {LEDGER}")


if __name__ == "__main__":
    main()
