include(":invoice", ":shared")
includeBuild("../../../plugins")
