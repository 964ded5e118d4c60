"""Evidently's DataDriftPreset on two Parquet files; what reading and comparing used, without the imports."""

import json
import sys
import time

import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

reference, current, numerical, categorical = sys.argv[1:]
began = time.process_time()
definition = DataDefinition(
    numerical_columns=numerical.split(","), categorical_columns=categorical.split(",")
)
tables = [Dataset.from_pandas(pandas.read_parquet(path), definition) for path in (current, reference)]
report = Report([DataDriftPreset()]).run(*tables)
drifted = report.dict()["metrics"][0]["value"]["count"]
print(json.dumps({"seconds": time.process_time() - began, "drifted": drifted}))
