#include "file_slots.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "atomic_file.hpp"

namespace egiz::host {
namespace {

using nlohmann::json;

constexpr std::string_view magic = "EGIZVB1 ";

json to_json(const Image& image) {
    return {{"version", image.version}, {"build", image.build}, {"crash_on_boot", image.crash_on_boot}};
}

bool from_json(const json& in, Image& out) {
    if (!in.is_object() || !in.contains("version") || !in["version"].is_string()) return false;
    if (!in.contains("build") || !in["build"].is_number_unsigned()) return false;
    out.version = in["version"].get<std::string>();
    out.build = in["build"].get<std::uint32_t>();
    out.crash_on_boot = in.contains("crash_on_boot") && in["crash_on_boot"].is_boolean() && in["crash_on_boot"].get<bool>();
    return true;
}

class FileDescriptor {
  public:
    FileDescriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
    ~FileDescriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    FileDescriptor(const FileDescriptor&) = delete;
    FileDescriptor& operator=(const FileDescriptor&) = delete;
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_;
};

}  // namespace

FileSlots::FileSlots(std::string path, Image factory) : path_(std::move(path)), running_(std::move(factory)) { load(); }

void FileSlots::load() {
    const auto content = read_file(path_);
    if (!content) return;
    const json state = json::parse(content->begin(), content->end(), nullptr, false);
    if (!state.is_object() || !state.contains("running") || !state.contains("switch")) return;
    Image running;
    if (from_json(state["running"], running)) running_ = running;
    const unsigned value = state["switch"].is_number_unsigned() ? state["switch"].get<unsigned>() : 0;
    switch_ = value <= 3 ? static_cast<Switch>(value) : Switch::none;
    if (!state.contains("candidate") || !from_json(state["candidate"], candidate_)) switch_ = Switch::none;
}

Status FileSlots::store() {
    const json state = {{"running", to_json(running_)}, {"candidate", to_json(candidate_)}, {"switch", static_cast<unsigned>(switch_)}};
    const std::string text = state.dump();
    return replace_file(path_, {text.begin(), text.end()}) ? Status() : Status(Err::io);
}

const Image& FileSlots::power_on() {
    restart_ = false;
    if (switch_ == Switch::requested) {
        switch_ = Switch::on_trial;
        (void)store();
        boot_state_ = BootState::pending_verify;
        if (!candidate_.crash_on_boot) return candidate_;
        // It came as far as the first instruction; the next reset is the boot loader's.
    }
    if (switch_ == Switch::on_trial) {
        switch_ = Switch::failed;
        (void)store();
    }
    boot_state_ = switch_ == Switch::failed ? BootState::rolled_back : BootState::confirmed;
    return running_;
}

Status FileSlots::begin(std::size_t image_size) {
    if (image_size > slot_size()) return Err::no_space;
    const FileDescriptor file(slot_path(), O_RDWR | O_CREAT | O_TRUNC);
    if (file.get() < 0 || ::ftruncate(file.get(), static_cast<off_t>(image_size)) != 0) return Err::io;
    return {};
}

Status FileSlots::resume(std::size_t offset) {
    const FileDescriptor file(slot_path(), O_RDONLY);
    if (file.get() < 0) return Err::not_found;
    return ::lseek(file.get(), 0, SEEK_END) >= static_cast<off_t>(offset) ? Status() : Status(Err::bad_argument);
}

Status FileSlots::write(std::size_t offset, Bytes data) {
    if (offset > slot_size() || data.size() > slot_size() - offset) return Err::bad_argument;
    const FileDescriptor file(slot_path(), O_WRONLY);
    const ssize_t n = ::pwrite(file.get(), data.data(), data.size(), static_cast<off_t>(offset));
    return n == static_cast<ssize_t>(data.size()) ? Status() : Status(Err::io);
}

Status FileSlots::read(std::size_t offset, MutableBytes out) {
    const FileDescriptor file(slot_path(), O_RDONLY);
    const ssize_t n = ::pread(file.get(), out.data(), out.size(), static_cast<off_t>(offset));
    return n == static_cast<ssize_t>(out.size()) ? Status() : Status(Err::io);
}

bool FileSlots::parse_image(Image& out) const {
    std::ifstream in(slot_path(), std::ios::binary);
    std::string line;
    if (!std::getline(in, line) || line.substr(0, magic.size()) != magic) return false;
    return from_json(json::parse(line.substr(magic.size()), nullptr, false), out);
}

// As esp_ota_set_boot_partition does, this refuses what is no image.
Status FileSlots::activate() {
    if (!parse_image(candidate_)) return Err::corrupt;
    switch_ = Switch::requested;
    return store();
}

Status FileSlots::confirm() {
    if (switch_ != Switch::on_trial) return {};
    running_ = candidate_;
    switch_ = Switch::none;
    boot_state_ = BootState::confirmed;
    return store();
}

void FileSlots::roll_back() { restart_ = true; }

void FileSlots::abandon() { (void)::unlink(slot_path().c_str()); }

}  // namespace egiz::host
