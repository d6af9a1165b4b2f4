// Lists what there is to copy, and refuses a copy that would do harm before anything is written.
// Thread-safety: one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/output.h"
#include "mongo/copy_planner.h"
#include "runtime/copy_schema.h"
#include "runtime/inbox.h"

namespace ddsync::runtime {

class CopyPlanning {
 public:
  // `servers` and `inbox` must outlive it.
  CopyPlanning(Servers& servers, CopyRules rules, std::vector<WatchScope> streams, NamespaceFilter filter,
               Inbox& inbox);

  void carry_out(const output::PlanCopy& order);

 private:
  input::CopyPlanned plan(const output::PlanCopy& order);
  // Lines for the operator; empty when nothing speaks against the copy.
  mongo::Result<std::vector<std::string>> objections(const std::vector<PlannedCollection>& collections);
  mongo::Result<void> object_to_documents(const Namespace& ns, std::vector<std::string>& objections);
  mongo::Result<void> object_to_schema(const PlannedCollection& collection,
                                       std::vector<std::string>& objections);

  std::unique_ptr<mongo::CopyPlanner> planner_;
  std::unique_ptr<mongo::Reader> source_;
  std::unique_ptr<mongo::Reader> target_;
  TargetFacts target_facts_;
  CopyRules rules_;
  std::vector<WatchScope> streams_;
  NamespaceFilter filter_;
  Inbox& inbox_;
};

}  // namespace ddsync::runtime
