// What an update has to remember across restarts, stored in one key so that a cut leaves the old or the new entry.
#pragma once

#include <cstdint>

#include "command_result.hpp"
#include "ota_manifest.hpp"

namespace egiz {

enum class OtaState : std::uint8_t {
    idle = 0,
    downloading = 1,  // bytes below `offset` are in the slot
    verifying = 2,    // all bytes are in the slot, the read-back digest is being computed
    activating = 3,   // digest good; the boot slot is about to be switched
    activated = 4,    // the boot slot is switched; the next boot tries the image
    done = 5,         // the new image confirmed itself; to be reported
    failed = 6,       // ended without a change; to be reported
};
std::string_view to_string(OtaState s);

struct OtaJournal {
    OtaState state = OtaState::idle;
    Code code = Code::received;   // why it failed
    CommandId command_id;
    std::uint32_t offset = 0;
    std::uint32_t activations = 0;
    std::uint32_t manifest_crc = 0;  // of the stored manifest text that this state belongs to
};

class OtaJournalStore {
  public:
    explicit OtaJournalStore(KeyValue& kv) : kv_(kv) {}

    // idle when there is none or it is damaged. The manifest text, whose signature was checked on arrival, is read
    // into `scratch`.
    void load(OtaJournal& out, MutableBytes scratch, std::string_view& manifest);
    Status save(const OtaJournal& journal);
    // Every state but the offset changes rarely; the manifest is written once per update.
    Status save_manifest(std::string_view manifest, OtaJournal& journal);
    void clear();
    [[nodiscard]] std::uint32_t minimum_build();
    void set_minimum_build(std::uint32_t build);

  private:
    KeyValue& kv_;
};

}  // namespace egiz
