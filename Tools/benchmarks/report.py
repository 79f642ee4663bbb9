"""What is printed and written: the machine, the raw rounds, one table."""
import dataclasses
import json


def print_facts(facts, rounds):
    for name, value in facts.items():
        print(f"{name}: {value}")
    print(f"rounds: {rounds}, alternating\n", flush=True)


def print_row(row):
    print(row.name)
    for text in row.rounds + row.notes:
        print(f"  {text}")
    print(flush=True)


def print_table(rows):
    print("| row | work | ours | compared with | theirs | ratio (spread) | reach | |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        for line in row.lines:
            ratio = ""
            if line.ratio is not None:
                low, high = line.spread
                ratio = f"{line.ratio:.2f} ({low:.2f} to {high:.2f})"
            cells = [
                row.name, line.work, line.ours, line.peer, line.theirs, ratio, line.reach, line.verdict]
            print("| " + " | ".join(cell.replace("|", "\\|").strip() for cell in cells) + " |")


def write_json(path, facts, rounds, rows):
    with open(path, "w") as file:
        json.dump(
            {"machine": facts, "rounds": rounds, "rows": [dataclasses.asdict(row) for row in rows]},
            file, indent=2)
        file.write("\n")
