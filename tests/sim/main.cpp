// ddsync_sim: the engine in simulated worlds, one seed each. docs/simulator.md
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/planted_bug.h"
#include "sim/violation.h"
#include "sim/world.h"

namespace {

using namespace ddsync;
using namespace ddsync::sim;

constexpr std::array<std::pair<const char*, PlantedBug>, 15> kBugs = {{
    {"checkpoint-before-acknowledgement", PlantedBug::checkpoint_before_acknowledgement},
    {"two-writes-in-flight-on-one-key", PlantedBug::two_writes_in_flight_on_one_key},
    {"no-durable-start-position", PlantedBug::no_durable_start_position},
    {"rename-without-barrier", PlantedBug::rename_without_barrier},
    {"coalescing-across-barrier", PlantedBug::coalescing_across_barrier},
    {"key-identity-by-bytes", PlantedBug::key_identity_by_bytes},
    {"unknown-outcome-forgotten", PlantedBug::unknown_outcome_forgotten},
    {"folder-not-synced", PlantedBug::folder_not_synced},
    {"file-not-synced", PlantedBug::file_not_synced},
    {"events-during-copy", PlantedBug::events_during_copy},
    {"spool-behind-memory", PlantedBug::spool_behind_memory},
    {"rename-in-copy-window", PlantedBug::rename_in_copy_window},
    {"replayed-forgotten", PlantedBug::replayed_forgotten},
    {"sent-untold", PlantedBug::sent_untold},
    {"new-indexes-forgotten", PlantedBug::new_indexes_forgotten},
}};

struct Options {
  uint64_t seeds = 2'000;
  uint64_t first_seed = 1;
  std::optional<uint64_t> seed;
  std::string seed_file;
  std::string bug;
  unsigned jobs = 1;
  bool twice = false;
};

struct Failure {
  uint64_t seed = 0;
  std::string text;
};

// What a seed did, in one number; a violation is thrown.
uint64_t run_once(uint64_t seed, Trace::Mode mode, std::vector<std::string>* last_lines = nullptr) {
  Trace trace(mode);
  const auto keep_lines = [&] {
    if (last_lines != nullptr) last_lines->assign(trace.last_lines().begin(), trace.last_lines().end());
  };
  try {
    World world(seed, trace);
    world.run();
  } catch (const Violation&) {
    keep_lines();
    throw;
  }
  return trace.hash();
}

std::optional<std::string> violation_of(uint64_t seed, bool twice) {
  try {
    const uint64_t first = run_once(seed, Trace::Mode::hash_only);
    if (twice && run_once(seed, Trace::Mode::hash_only) != first)
      return "the same seed gave another run: something is not deterministic";
  } catch (const Violation& violation) {
    return violation.what();
  }
  return std::nullopt;
}

// Seeds are handed out in order; the lowest one that fails is reported.
class Runner {
 public:
  Runner(std::vector<uint64_t> seeds, bool twice) : seeds_(std::move(seeds)), twice_(twice) {}

  std::optional<Failure> run(unsigned jobs) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < jobs; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    return failure_;
  }
  uint64_t done() const { return done_; }

 private:
  void work() {
    for (size_t at = next_++; at < seeds_.size(); at = next_++) {
      auto violation = violation_of(seeds_[at], twice_);
      done_ += 1;
      if (!violation) continue;
      next_ = seeds_.size();
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!failure_ || seeds_[at] < failure_->seed) failure_ = Failure{seeds_[at], std::move(*violation)};
      return;
    }
  }

  const std::vector<uint64_t> seeds_;
  const bool twice_;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> done_{0};
  std::mutex mutex_;
  std::optional<Failure> failure_;
};

void explain(const Failure& failure, const std::string& bug) {
  std::vector<std::string> lines;
  try {
    run_once(failure.seed, Trace::Mode::keep_last, &lines);
  } catch (const Violation&) {
    fmt::print("The last steps of seed {}:\n", failure.seed);
    for (const std::string& line : lines) fmt::print("{}\n", line);
  }
  fmt::print("VIOLATION in seed {}: {}\nAgain, with every step: ./dev sim --seed {}{}\n", failure.seed,
             failure.text, failure.seed, bug.empty() ? "" : " --bug " + bug);
}

int run_one(const Options& options) {
  try {
    run_once(*options.seed, Trace::Mode::print);
  } catch (const Violation& violation) {
    fmt::print("VIOLATION in seed {}: {}\n", *options.seed, violation.what());
    return 1;
  }
  fmt::print("seed {}: everything held\n", *options.seed);
  return 0;
}

std::vector<uint64_t> seeds_of(const Options& options) {
  std::vector<uint64_t> seeds;
  if (options.seed_file.empty()) {
    for (uint64_t i = 0; i < options.seeds; ++i) seeds.push_back(options.first_seed + i);
    return seeds;
  }
  std::ifstream file(options.seed_file);
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.front() != '#') seeds.push_back(std::stoull(line));
  }
  if (seeds.empty()) throw std::runtime_error("no seeds in " + options.seed_file);
  return seeds;
}

int run_many(const Options& options) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  Runner runner(seeds_of(options), options.twice);
  const std::optional<Failure> failure = runner.run(options.jobs);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const std::string pace =
      fmt::format("{} seeds in {:.1f} s, {:.0f} a minute and core", runner.done(), seconds,
                  60.0 * static_cast<double>(runner.done()) / seconds / options.jobs);
  if (!options.bug.empty()) {
    fmt::print("planted bug {}: {} ({})\n", options.bug,
               failure ? fmt::format("found by seed {}: {}", failure->seed, failure->text) : "NOT FOUND",
               pace);
    return failure ? 0 : 1;
  }
  if (failure) explain(*failure, options.bug);
  fmt::print("{}{}\n", pace, failure ? "" : ": everything held");
  return failure ? 1 : 0;
}

void plant(const std::string& name) {
  for (const auto& [known, bug] : kBugs) {
    if (name == known) g_planted_bug = bug;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs the engine of documentdb-sync in simulated worlds, one seed each");
  app.add_option("--seeds", options.seeds, "how many seeds")->capture_default_str();
  app.add_option("--first-seed", options.first_seed, "the first one")->capture_default_str();
  app.add_option("--seed", options.seed, "one seed, with every step printed");
  app.add_option("--seed-file", options.seed_file, "the seeds of a file, one a line")
      ->check(CLI::ExistingFile);
  app.add_option("--jobs", options.jobs, "threads")->check(CLI::Range(1u, 256u))->capture_default_str();
  app.add_flag("--twice", options.twice, "run each seed twice: the runs must be the same");
  std::vector<std::string> names;
  for (const auto& [name, bug] : kBugs) names.emplace_back(name);
  app.add_option("--bug", options.bug, "plant this bug; success is that a seed finds it")
      ->check(CLI::IsMember(names));
  bool list = false;
  app.add_flag("--list-bugs", list, "name the bugs that can be planted");
  CLI11_PARSE(app, argc, argv);

  if (list) {
    for (const std::string& name : names) fmt::print("{}\n", name);
    return 0;
  }
  plant(options.bug);
  try {
    return options.seed ? run_one(options) : run_many(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ddsync_sim: {}\n", error.what());
    return 2;
  }
}
