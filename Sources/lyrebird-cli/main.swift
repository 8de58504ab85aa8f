print("lyrebird")
