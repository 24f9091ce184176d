// The configuration that runs, the last one known good, and the way back (FR: last-known-good with self-revert).
//
// A change that could cut the board off (another broker) runs on trial: it is stored beside the good one and replaces
// it only after the board has reached the broker with it. A restart during a trial continues the trial; a trial that
// does not succeed in time, or a boot loop, brings the good one back.
#pragma once

#include <cstdint>

#include "canonical_json.hpp"
#include "command_result.hpp"
#include "ports.hpp"
#include "settings.hpp"

namespace egiz {

struct StoredConfig {
    std::uint32_t revision = 0;  // 0: nothing was ever configured
    HashText hash;               // empty with revision 0
    BoardSettings settings{};
    CommandId command_id;        // who asked for it, to answer after a restart
};

class ConfigStore {
  public:
    ConfigStore(KeyValue& kv, SensorKind kind) : kv_(kv), defaults_(default_settings(kind)) {}

    void load();
    [[nodiscard]] const BoardSettings& defaults() const { return defaults_; }
    [[nodiscard]] const StoredConfig& active() const { return on_trial_ ? trial_ : good_; }
    [[nodiscard]] const StoredConfig& good() const { return good_; }
    [[nodiscard]] bool on_trial() const { return on_trial_; }

    Status apply(const StoredConfig& config);        // at once, as the good one
    Status begin_trial(const StoredConfig& config);
    Status confirm();                                // the trial is good
    StoredConfig revert();                           // back to the good one; returns what failed

  private:
    bool read(std::string_view key, StoredConfig& out);
    Status write(std::string_view key, const StoredConfig& config);

    KeyValue& kv_;
    BoardSettings defaults_;
    StoredConfig good_{};
    StoredConfig trial_{};
    bool on_trial_ = false;
};

}  // namespace egiz
