// The simulated source: its documents and the log of its changes. Every change has a number; it is the
// version of the document that the change wrote (`v`).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "bson/owned.h"
#include "engine/event.h"
#include "sim/store.h"

namespace ddsync::sim {

struct Change {
  uint64_t number = 0;  // 1, 2, ...
  EventKind kind = EventKind::insert;
  Namespace ns;
  Namespace to;  // rename only
  OwnedValue id;
  uint64_t life = 0;                         // of the collection; documents, createIndexes, rename
  std::shared_ptr<const std::string> image;  // the document as this change wrote it
  std::string index;                         // createIndexes, dropIndexes
  int64_t options = 0;                       // create, modify
};

class Source {
 public:
  // `tells_all`: its log holds creations, also those by a first document.
  // `renamed_is_another`: a rename gives the collection another UUID.
  Source(bool unique_index, bool tells_all, bool renamed_is_another)
      : unique_index_(unique_index), tells_all_(tells_all), renamed_is_another_(renamed_is_another) {}

  // What the document is to hold beside _id and v.
  struct Content {
    bool has_unique = false;
    int32_t unique = 0;
    bool refused = false;  // the target will not take it
    uint32_t padding = 0;
  };

  // Changes; false when the source itself refuses (a duplicate, nothing there), then nothing happened.
  bool insert(const Namespace& ns, ValueView id, const Content& content);
  bool update(const Namespace& ns, const std::string& identity, const Content& content);
  bool remove(const Namespace& ns, const std::string& identity);
  bool drop(const Namespace& ns);
  bool rename(const Namespace& from, const Namespace& to);
  bool drop_database(const std::string& database);
  bool create(const Namespace& ns, int64_t options);
  bool modify(const Namespace& ns, int64_t options);
  bool create_index(const Namespace& ns, const std::string& name);
  bool drop_index(const Namespace& ns, const std::string& name);

  const Store& store() const { return store_; }
  const std::vector<Change>& log() const { return log_; }
  uint64_t last_number() const { return log_.size(); }

  // The history before this number is forgotten.
  void forget_before(uint64_t number) { first_kept_ = number; }
  uint64_t first_kept() const { return first_kept_; }

  // The bytes were a document of the source at some time.
  bool ever_held(DocumentView document) const;

 private:
  bool write(EventKind kind, const Namespace& ns, ValueView id, const Content& content);
  Change& commit(EventKind kind, const Namespace& ns);
  Collection* present(const Namespace& ns);

  bool unique_index_;
  bool tells_all_;
  bool renamed_is_another_;
  Store store_;
  std::vector<Change> log_;
  uint64_t first_kept_ = 1;
  std::unordered_set<std::string> versions_;
};

}  // namespace ddsync::sim
