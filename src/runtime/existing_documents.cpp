#include "runtime/existing_documents.h"

#include <fmt/format.h>

#include <chrono>
#include <set>

#include "observe/log.h"
#include "runtime/patience.h"

namespace ddsync::runtime {
namespace {

constexpr size_t kLinesMax = 20;
constexpr std::chrono::seconds kPatience{2};  // a start is not held up by a count that only informs

class ExistingDocuments {
 public:
  ExistingDocuments(mongo::Reader& source, mongo::Reader& target, const config::Config& config)
      : source_(source), target_(target), filter_(config.watch, config.exclude) {}

  void log() {
    for (const NamespacePattern& pattern : filter_.include()) {
      list(pattern);
    }
    for (const Namespace& ns : namespaces_) {
      count(ns);
    }
    log_rest();
  }

 private:
  bool out_of_time() const { return patience_.is_over(); }

  void list(const NamespacePattern& pattern) {
    if (pattern.database.empty()) {
      const auto databases = source_.database_names();
      if (!databases) {
        return log_problem("databases", databases.error());
      }
      for (const std::string& database : *databases) {
        list_database(database);
      }
    } else if (pattern.collection.empty()) {
      list_database(pattern.database);
    } else {
      add({.database = pattern.database, .collection = pattern.collection});
    }
  }

  void list_database(const std::string& database) {
    if (out_of_time()) {
      return;
    }
    const auto collections = source_.collection_names(database);
    if (!collections) {
      return log_problem(database, collections.error());
    }
    for (const std::string& collection : *collections) {
      add({.database = database, .collection = collection});
    }
  }

  void add(Namespace ns) {
    if (filter_.contains(ns.database, ns.collection)) {
      namespaces_.insert(std::move(ns));
    }
  }

  void count(const Namespace& ns) {
    if (out_of_time()) {
      ++uncounted_;
      return;
    }
    const auto here = source_.estimated_count(ns);
    const auto there = here ? target_.estimated_count(ns) : here;
    if (!there) {
      ++uncounted_;
      return log_problem(ns.name(), there.error());
    }
    if (*here <= *there) {
      return;
    }
    const uint64_t lacking = *here - *there;
    if (++lines_ <= kLinesMax) {
      observe::log_info(fmt::format(
          "{}: the target lacks {} existing documents (source {}, target {}): they are not copied, "
          "only changes from now on",
          ns.name(), lacking, *here, *there));
      return;
    }
    ++rest_collections_;
    rest_documents_ += lacking;
  }

  void log_problem(const std::string& what, const Error& error) {
    observe::log_warning(fmt::format("{}: existing documents are not counted: {}", what, describe(error)));
  }

  void log_rest() const {
    if (rest_collections_ > 0) {
      observe::log_info(
          fmt::format("{} more collections: the target lacks {} existing documents: they are not copied",
                      rest_collections_, rest_documents_));
    }
    if (uncounted_ > 0) {
      observe::log_info(
          fmt::format("{} more collections: existing documents are not copied (not counted)", uncounted_));
    }
    if (lines_ == 0 && uncounted_ == 0) {
      observe::log_info("the target has no fewer documents than the source in any collection in scope");
    }
  }

  mongo::Reader& source_;
  mongo::Reader& target_;
  NamespaceFilter filter_;
  Patience patience_{kPatience};
  std::set<Namespace> namespaces_;
  size_t lines_ = 0;
  size_t rest_collections_ = 0;
  uint64_t rest_documents_ = 0;
  size_t uncounted_ = 0;
};

}  // namespace

void log_existing_documents(mongo::Reader& source, mongo::Reader& target, const config::Config& config) {
  ExistingDocuments(source, target, config).log();
}

}  // namespace ddsync::runtime
