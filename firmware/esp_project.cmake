# The SDK's build of this folder; included by CMakeLists.txt when PlatformIO or idf.py is the caller.
include($ENV{IDF_PATH}/tools/cmake/project.cmake)
project(openegiz_edge)
