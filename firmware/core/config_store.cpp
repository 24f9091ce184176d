#include "config_store.hpp"

#include "bytes.hpp"

namespace egiz {
namespace {

constexpr std::string_view key_good = "cfg_good";
constexpr std::string_view key_trial = "cfg_trial";
constexpr std::uint8_t format = 1;
constexpr std::size_t max_blob = 256;

template <std::size_t N>
void put_text(ByteWriter& out, const FixedString<N>& text) {
    out.le(text.size(), 1);
    out.raw(as_bytes(text.view()));
}

template <std::size_t N>
bool get_text(ByteReader& in, FixedString<N>& text) {
    std::array<std::uint8_t, N> bytes{};
    const auto size = static_cast<std::size_t>(in.le(1));
    if (in.failed() || size > N) return false;
    in.raw(std::span(bytes).first(size));
    return !in.failed() && text.assign({reinterpret_cast<const char*>(bytes.data()), size});
}

bool plausible(const BoardSettings& s) {
    return s.telemetry_interval_s >= 1 && s.telemetry_interval_s <= 60 && s.heartbeat_interval_s >= 10 &&
           s.heartbeat_interval_s <= 60 && s.confirm_timeout_s >= 30 && s.confirm_timeout_s <= 900 &&
           s.filter_window >= 1 && s.filter_window <= 15 && s.log_level <= LogLevel::debug;
}

}  // namespace

bool ConfigStore::read(std::string_view key, StoredConfig& out) {
    std::array<std::uint8_t, max_blob> blob{};
    const Result<std::size_t> size = kv_.get(key, blob);
    if (!size || size.value() < 5 || size.value() > blob.size()) return false;
    const std::span<const std::uint8_t> body(blob.data(), size.value() - 4);
    ByteReader crc({blob.data() + body.size(), 4});
    if (crc.u32() != crc32(body)) return false;
    ByteReader in(body);
    if (in.le(1) != format) return false;
    StoredConfig config;
    config.revision = in.u32();
    BoardSettings& s = config.settings;
    s.telemetry_interval_s = static_cast<std::uint16_t>(in.le(2));
    s.heartbeat_interval_s = static_cast<std::uint16_t>(in.le(2));
    s.confirm_timeout_s = static_cast<std::uint16_t>(in.le(2));
    s.filter_window = static_cast<std::uint8_t>(in.le(1));
    s.log_level = static_cast<LogLevel>(in.le(1));
    s.broker_port = static_cast<std::uint16_t>(in.le(2));
    if (!get_text(in, s.broker_host) || !get_text(in, config.hash) || !get_text(in, config.command_id)) return false;
    if (!plausible(s)) return false;
    out = config;
    return true;
}

Status ConfigStore::write(std::string_view key, const StoredConfig& config) {
    std::array<std::uint8_t, max_blob> blob{};
    ByteWriter out(blob);
    const BoardSettings& s = config.settings;
    out.le(format, 1);
    out.le(config.revision, 4);
    out.le(s.telemetry_interval_s, 2);
    out.le(s.heartbeat_interval_s, 2);
    out.le(s.confirm_timeout_s, 2);
    out.le(s.filter_window, 1);
    out.le(static_cast<std::uint8_t>(s.log_level), 1);
    out.le(s.broker_port, 2);
    put_text(out, s.broker_host);
    put_text(out, config.hash);
    put_text(out, config.command_id);
    out.le(crc32({blob.data(), out.used()}), 4);
    if (out.failed()) return Err::no_space;
    return kv_.put(key, {blob.data(), out.used()});
}

void ConfigStore::load() {
    good_ = {};
    good_.settings = defaults_;
    (void)read(key_good, good_);
    on_trial_ = read(key_trial, trial_);
    // A cut between "good" and "trial gone": the trial had already succeeded.
    if (on_trial_ && trial_.revision <= good_.revision) {
        on_trial_ = false;
        (void)kv_.erase(key_trial);
    }
}

Status ConfigStore::apply(const StoredConfig& config) {
    if (const Status written = write(key_good, config); !written) return written;
    good_ = config;
    if (on_trial_) (void)kv_.erase(key_trial);
    on_trial_ = false;
    return {};
}

Status ConfigStore::begin_trial(const StoredConfig& config) {
    if (const Status written = write(key_trial, config); !written) return written;
    trial_ = config;
    on_trial_ = true;
    return {};
}

Status ConfigStore::confirm() {
    if (!on_trial_) return Err::not_found;
    return apply(StoredConfig(trial_));
}

StoredConfig ConfigStore::revert() {
    on_trial_ = false;
    (void)kv_.erase(key_trial);
    return trial_;
}

}  // namespace egiz
