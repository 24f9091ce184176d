// Whole files, replaced atomically: after a kill there is the old content or the new one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace egiz::host {

std::optional<std::vector<std::uint8_t>> read_file(const std::string& path);
bool replace_file(const std::string& path, const std::vector<std::uint8_t>& content);

}  // namespace egiz::host
